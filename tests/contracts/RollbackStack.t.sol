// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RollbackStack} from "../../contracts/libraries/RollbackStack.sol";
import {Test} from "./support/Test.sol";

/// @notice The stack against the plain list of all rollbacks.
contract RollbackStackTest is Test {
    using RollbackStack for RollbackStack.Stack;

    RollbackStack.Stack private stack;
    uint32[] private heights;

    function testEmptyStackOrphansNothing() public view {
        vm.assertFalse(stack.orphaned(0, type(uint32).max));
    }

    function testOneRollback() public {
        _rollBack(5);
        vm.assertTrue(stack.orphaned(0, 6));
        vm.assertFalse(stack.orphaned(0, 5));
        vm.assertFalse(stack.orphaned(1, 6));
    }

    function testDeeperRollbackCoversAllBefore() public {
        for (uint32 i = 1; i <= 20; ++i) {
            _rollBack(i);
        }
        vm.assertEq(stack.depth, 20);
        _rollBack(7);
        vm.assertEq(stack.depth, 7);
        _rollBack(0);
        vm.assertEq(stack.depth, 1);
        _assertAll(25, 25);
    }

    function testFuzzAnyRollbacks(uint8[24] memory given) public {
        for (uint256 i = 0; i < given.length; ++i) {
            _rollBack(given[i] % 16);
            _assertAscending();
        }
        _assertAll(uint24(given.length) + 1, 17);
    }

    function _rollBack(uint32 height) private {
        heights.push(height);
        stack.push(uint24(heights.length), height);
    }

    function _assertAll(uint24 numbers, uint32 upTo) private view {
        for (uint24 number = 0; number <= numbers; ++number) {
            for (uint32 height = 0; height <= upTo; ++height) {
                vm.assertTrue(stack.orphaned(number, height) == _plainly(number, height));
            }
        }
    }

    /// @dev Rollback n, from 1, orphans what was accepted after fewer than n rollbacks and lies above its height.
    function _plainly(uint24 number, uint32 height) private view returns (bool) {
        for (uint256 i = number; i < heights.length; ++i) {
            if (heights[i] < height) return true;
        }
        return false;
    }

    function _assertAscending() private view {
        for (uint256 i = 1; i < stack.depth; ++i) {
            vm.assertTrue(stack.entries[i - 1].number() < stack.entries[i].number());
            vm.assertTrue(stack.entries[i - 1].height() < stack.entries[i].height());
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Difficulty} from "../../contracts/libraries/Difficulty.sol";
import {Chain} from "./support/Chain.sol";
import {Test} from "./support/Test.sol";

contract DifficultyTest is Test {
    uint256 private constant MOST = type(uint256).max;

    function testRetargetIsProportional() public pure {
        vm.assertEq(Difficulty.retarget(1_000, 480, 480, MOST), 1_000);
        vm.assertEq(Difficulty.retarget(1_000, 481, 480, MOST), 1_002);
        vm.assertEq(Difficulty.retarget(1_000, 479, 480, MOST), 997);
        vm.assertEq(Difficulty.retarget(1_001, 240, 480, MOST), 500);
    }

    function testRetargetIsClamped() public pure {
        vm.assertEq(Difficulty.retarget(1_000, 120, 480, MOST), 250);
        vm.assertEq(Difficulty.retarget(1_000, 119, 480, MOST), 250);
        vm.assertEq(Difficulty.retarget(1_000, 0, 480, MOST), 250);
        vm.assertEq(Difficulty.retarget(1_000, 1_920, 480, MOST), 4_000);
        vm.assertEq(Difficulty.retarget(1_000, 1_921, 480, MOST), 4_000);
        vm.assertEq(Difficulty.retarget(1_000, MOST, 480, MOST), 4_000);
    }

    function testRetargetStaysBetweenOneAndTheMaximum() public pure {
        vm.assertEq(Difficulty.retarget(3, 1, 480, MOST), 1);
        vm.assertEq(Difficulty.retarget(1, 0, 4, MOST), 1);
        vm.assertEq(Difficulty.retarget(1_000, 1_920, 480, 3_999), 3_999);
        vm.assertEq(Difficulty.retarget(1_000, 1_920, 480, 4_000), 4_000);
        vm.assertEq(Difficulty.retarget(MOST, 960, 480, MOST), MOST);
        vm.assertEq(Difficulty.retarget(MOST, 480, 480, MOST), MOST);
        // The remainder alone decides: 479 * 960 / 480 = 958 on top of a whole of 0.
        vm.assertEq(Difficulty.retarget(479, 960, 480, 957), 957);
        vm.assertEq(Difficulty.retarget(479, 960, 480, 958), 958);
        vm.assertEq(Difficulty.retarget(479, 960, 480, 959), 958);
    }

    /// @dev Against one product of 512 bits.
    function testFuzzRetarget(uint256 target, uint64 elapsed, uint64 expected, uint256 maximum) public pure {
        expected = uint64(bound(expected, 4, type(uint64).max));
        maximum = bound(maximum, 1, MOST);
        target = bound(target, 1, maximum);
        uint256 time = Math.min(Math.max(elapsed, expected / 4), 4 * uint256(expected));
        (uint256 high, uint256 low) = Math.mul512(target, time);
        uint256 exact = high >= expected ? MOST : Math.mulDiv(target, time, expected);
        low;
        vm.assertEq(
            Difficulty.retarget(target, elapsed, expected, maximum), Math.max(1, Math.min(exact, maximum))
        );
    }

    function testEasesOnceASpacingAfterPatience() public pure {
        vm.assertEq(Difficulty.ease(8, 0, 60, 6, MOST), 8);
        vm.assertEq(Difficulty.ease(8, 419, 60, 6, MOST), 8);
        vm.assertEq(Difficulty.ease(8, 420, 60, 6, MOST), 16);
        vm.assertEq(Difficulty.ease(8, 479, 60, 6, MOST), 16);
        vm.assertEq(Difficulty.ease(8, 480, 60, 6, MOST), 32);
        vm.assertEq(Difficulty.ease(8, 480, 60, 6, 31), 31);
        vm.assertEq(Difficulty.ease(8, 480, 60, 6, 32), 32);
        vm.assertEq(Difficulty.ease(8, 480, 60, 6, 33), 32);
    }

    function testEasingEndsAtTheMaximum() public pure {
        vm.assertEq(Difficulty.ease(1, 255 + 1, 1, 1, MOST), 1 << 255);
        vm.assertEq(Difficulty.ease(1, 255 + 2, 1, 1, MOST), MOST);
        vm.assertEq(Difficulty.ease(1, MOST, 1, 1, MOST), MOST);
        vm.assertEq(Difficulty.ease(5, MOST, 1, 1, 7), 7);
    }

    /// @dev Against doubling step by step.
    function testFuzzEase(uint256 target, uint256 waited, uint32 spacing, uint8 patience, uint256 maximum)
        public
        pure
    {
        spacing = uint32(bound(spacing, 1, type(uint32).max));
        maximum = bound(maximum, 1, MOST);
        target = bound(target, 1, maximum);
        waited = bound(waited, 0, uint256(spacing) * 300 + uint256(patience) * spacing);
        uint256 expected = target;
        for (uint256 i = patience; i < waited / spacing && expected < maximum; ++i) {
            expected = expected > maximum / 2 ? maximum : expected * 2;
        }
        vm.assertEq(Difficulty.ease(target, waited, spacing, patience, maximum), expected);
    }
}

/// @notice Targets of a chain, against the words of docs/protocol.md.
contract RetargetTest is Chain {
    uint256 private constant PERIOD = uint256(INTERVAL) * SPACING;

    function testNoTargetInGenesis() public {
        _openGenesis();
        vm.assertEq(bema.targetAt(block.timestamp), 0);
    }

    function testFirstPeriodHasTheTargetOfTheDeployment() public {
        for (uint256 i = 0; i < INTERVAL; ++i) {
            vm.assertEq(_target(), _parameters().target);
            _growChain(1, 10);
        }
        vm.assertEq(_target(), _parameters().target / 4);
    }

    function testRetargetsByTheTimeOfTheWholePeriod() public {
        _growChain(INTERVAL, 50);
        uint256 second = _parameters().target / PERIOD * 400 + _parameters().target % PERIOD * 400 / PERIOD;
        vm.assertEq(_target(), second);
        // The target of a period stays, and its end is measured from the last block before it.
        _growChain(INTERVAL, 70);
        vm.assertEq(_target(), second / PERIOD * 560 + second % PERIOD * 560 / PERIOD);
    }

    /// @dev Chain time leaves 32 bits in 2106; cut short, the period would seem to have lasted a century.
    function testRetargetsByTimesBeyond32Bits() public {
        vm.warp(2 ** 32 + 5);
        _openGenesis();
        _closeGenesis();
        _growChain(INTERVAL, 30);
        vm.assertEq(
            _target(), _parameters().target / PERIOD * 240 + _parameters().target % PERIOD * 240 / PERIOD
        );
    }

    function testTargetIsTheSameForEveryBlockOfAPeriod() public {
        _growChain(INTERVAL, 30);
        uint256 second = _target();
        for (uint256 i = 1; i < INTERVAL; ++i) {
            _growChain(1, 30);
            vm.assertEq(_target(), second);
        }
        _growChain(1, 30);
        vm.assertEq(_target(), second / 2);
    }

    function testEasesWhereNoBlockComes() public {
        uint256 target = _parameters().target;
        vm.assertEq(bema.targetAt(GENESIS_TIME - 1), target);
        vm.assertEq(bema.targetAt(GENESIS_TIME + 7 * SPACING - 1), target);
        vm.assertEq(bema.targetAt(GENESIS_TIME + 7 * SPACING), 2 * target);
        vm.assertEq(bema.targetAt(GENESIS_TIME + 9 * SPACING), 8 * target);
        vm.assertEq(bema.targetAt(GENESIS_TIME + 10 * SPACING), _parameters().maxTarget);

        // A hash between the target and its double comes in one spacing later, and the next block has the old target.
        vm.warp(GENESIS_TIME + 7 * SPACING);
        bytes memory header;
        for (
            uint64 nonce = 0;
            uint256(_sha256d(header)) < target || uint256(_sha256d(header)) >= 2 * target;
            ++nonce
        ) {
            header = abi.encodePacked(
                bema.genesisHash(),
                ROOT,
                _sha256d(abi.encodePacked(founders[0], uint8(2))),
                uint64(GENESIS_TIME),
                nonce
            );
        }
        _send(founders[0], header, 1);
        vm.assertEq(_target(), target);
    }

    /// @dev A period that a rejected block had begun begins anew, with the times of the chain that is left.
    function testRollbackAcrossAPeriodRestoresTheTarget() public {
        bytes[] memory first = _growChain(INTERVAL - 1, 20);
        uint256 time = block.timestamp;
        uint256 before = bema.targetAt(time);
        bytes[] memory second = _growChain(3, 40);
        uint256 in2 = _target();
        vm.assertTrue(in2 != before);
        _reject(second[1]);
        vm.assertEq(bema.targetAt(time + 40), in2);
        _reject(second[0]);
        vm.assertEq(bema.targetAt(time), before);
        vm.assertEq(first.length, INTERVAL - 1);

        // The period begins with another last block before it, and so with another target.
        vm.warp(time + 200);
        _submit("other");
        uint256 elapsed = 20 * (uint256(INTERVAL) - 1) + 200;
        vm.assertEq(
            _target(),
            _parameters().target / PERIOD * elapsed + _parameters().target % PERIOD * elapsed / PERIOD
        );
    }

    function _target() private view returns (uint256) {
        return bema.targetAt(block.timestamp);
    }
}

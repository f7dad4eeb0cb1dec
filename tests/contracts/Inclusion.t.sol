// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {PartyType} from "../../contracts/types/PartyType.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";

contract InclusionTest is Fixture {
    bytes private header;
    bytes32[] private leaves;
    bytes32[] private proof;

    function setUp() public override {
        super.setUp();
        _closeGenesis();
    }

    function testProvesEveryLeafOfEverySmallTree() public {
        for (uint256 count = 1; count <= 9; ++count) {
            leaves = Tree.leavesOf("small", count);
            header = _submit(Tree.root(leaves));
            for (uint256 i = 0; i < count; ++i) {
                proof = Tree.proof(leaves, i);
                vm.assertTrue(_verify(leaves[i], i, count));
                vm.assertFalse(_verify(leaves[(i + 1) % count] ^ bytes32(uint256(1)), i, count));
            }
        }
    }

    function testRefusesUnknownBlock() public {
        header = _header(ROOT, founders[0], PartyType.OriginalParty, 0);
        vm.expectRevert(abi.encodeWithSelector(IBema.BlockUnknown.selector, _sha256d(header)));
        _verify(ROOT, 0, 1);
    }

    function testRefusesHeaderLength() public {
        header = new bytes(111);
        vm.expectRevert(abi.encodeWithSelector(IBema.HeaderLength.selector, 111, 112));
        _verify(ROOT, 0, 1);
    }

    /// @dev The padding behind the last leaf hashes up to the root, but is no leaf.
    function testRefusesPaddingAsALeaf() public {
        _grow(3);
        proof = Tree.proof(leaves, 2);
        proof[0] = leaves[2];
        vm.expectRevert(abi.encodeWithSelector(IBema.IndexOutOfRange.selector, 3, 3));
        _verify(0, 3, 3);
        // The count is under the root: a claim of one leaf more has another root.
        vm.assertFalse(_verify(0, 3, 4));
    }

    function testRefusesIndexOutOfRange() public {
        _grow(5);
        vm.expectRevert(abi.encodeWithSelector(IBema.IndexOutOfRange.selector, 5, 5));
        _verify(leaves[0], 5, 5);
        vm.expectRevert(abi.encodeWithSelector(IBema.IndexOutOfRange.selector, 7, 5));
        _verify(leaves[0], 7, 5);
        vm.expectRevert(abi.encodeWithSelector(IBema.IndexOutOfRange.selector, 0, 0));
        _verify(leaves[0], 0, 0);
    }

    /// @dev An inner node with a shorter proof, a leaf with a longer one.
    function testRefusesProofsOfAnotherDepth() public {
        _grow(5);
        proof = Tree.proof(leaves, 0);
        proof.pop();
        vm.expectRevert(abi.encodeWithSelector(IBema.ProofDepth.selector, 2, 3));
        _verify(leaves[0], 0, 5);
        proof.push(0);
        proof.push(0);
        vm.expectRevert(abi.encodeWithSelector(IBema.ProofDepth.selector, 4, 3));
        _verify(leaves[0], 0, 5);
    }

    /// @dev 2^32 - 1 leaves need 32 siblings, also where nobody could have built the tree.
    function testDepthOfTheLargestTree() public {
        _grow(1);
        vm.expectRevert(abi.encodeWithSelector(IBema.ProofDepth.selector, 0, 32));
        _verify(leaves[0], type(uint32).max - 1, type(uint32).max);
    }

    /// @dev Any tree and leaf verify; with one bit of the leaf, the proof, the root or the index flipped they do not.
    function testFuzzFlippedProof(bytes32 seed, uint256 count, uint256 index, uint256 bit) public {
        count = bound(count, 2, 40);
        index = bound(index, 0, count - 1);
        leaves = Tree.leavesOf(seed, count);
        header = _submit(Tree.root(leaves));
        proof = Tree.proof(leaves, index);
        vm.assertTrue(_verify(leaves[index], index, count));

        bytes32 flip = bytes32(1 << (bit % 256));
        vm.assertFalse(_verify(leaves[index] ^ flip, index, count));
        uint256 level = bit % proof.length;
        proof[level] ^= flip;
        vm.assertFalse(_verify(leaves[index], index, count));
        proof[level] ^= flip;
        uint256 other = index ^ (1 << level);
        if (other < count) vm.assertFalse(_verify(leaves[index], other, count));
    }

    function testFuzzFlippedRoot(bytes32 seed, uint256 bit) public {
        leaves = Tree.leavesOf(seed, 7);
        proof = Tree.proof(leaves, 4);
        header = _submit(Tree.root(leaves) ^ bytes32(1 << (bit % 256)));
        vm.assertFalse(_verify(leaves[4], 4, 7));
        header = _submit(Tree.root(leaves));
        vm.assertTrue(_verify(leaves[4], 4, 7));
    }

    /// @dev A header that differs in one bit from an accepted one is unknown.
    function testFuzzFlippedHeader(uint256 bit) public {
        _grow(1);
        bit = bound(bit, 0, 895);
        header[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.expectRevert(abi.encodeWithSelector(IBema.BlockUnknown.selector, _sha256d(header)));
        _verify(leaves[0], 0, 1);
        header[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.assertTrue(_verify(leaves[0], 0, 1));
    }

    /// @dev A proof of the right depth under a wrong leaf count is false: the root names the count.
    function testFuzzWrongCount(uint256 count) public {
        _grow(7);
        proof = Tree.proof(leaves, 4);
        vm.assertTrue(_verify(leaves[4], 4, 7));
        count = bound(count, 5, 8);
        vm.assertTrue(_verify(leaves[4], 4, count) == (count == 7));
    }

    function _grow(uint256 count) private {
        leaves = Tree.leavesOf("leaves", count);
        header = _submit(Tree.root(leaves));
    }

    function _verify(bytes32 leaf, uint256 index, uint256 count) private view returns (bool) {
        return bema.verifyInclusion(header, leaf, uint32(index), uint32(count), proof);
    }
}

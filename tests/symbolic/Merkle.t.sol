// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Merkle} from "../../contracts/libraries/Merkle.sol";
import {Symbolic} from "./Symbolic.sol";

/// @notice Proofs of up to three siblings, for every leaf, index, sibling and SHA-256 there may be: to the solver the hash is
/// an arbitrary function of its input, so what is proved here does not rest on its strength.
contract MerkleSymbolicTest is Symbolic {
    uint256 private constant DEPTH = 3;

    /// @dev The plain twin of the assembly.
    function check_climbIsItsPlainTwin(bytes32 leaf, bytes32[3] memory siblings) public view {
        for (uint256 depth = 0; depth <= DEPTH; ++depth) {
            for (uint32 index = 0; index < 2 ** depth; ++index) {
                bytes32 apex = this.climb(leaf, index, _first(siblings, depth));
                assert(apex == _plainClimb(leaf, index, siblings, depth));
            }
        }
    }

    /// @dev Two leaves at one place under one apex: on the way up two different nodes have one hash.
    function check_twoLeavesAtOnePlaceNeedACollision(
        bytes32 leaf,
        bytes32 other,
        uint32 place,
        bytes32[3] memory siblings,
        bytes32[3] memory otherSiblings
    ) public view {
        vm.assume(leaf != other);
        // The solver wants addresses in memory to be numbers, and a side is one.
        for (uint32 index = 0; index < 2 ** DEPTH; ++index) {
            if (index != place) continue;
            bytes32 apex = this.climb(leaf, index, _first(siblings, DEPTH));
            vm.assume(apex == this.climb(other, index, _first(otherSiblings, DEPTH)));
            assert(_collide(leaf, other, index, siblings, otherSiblings));
            return;
        }
    }

    /// @dev Two leaf counts under one root: two different preimages have one hash.
    function check_twoCountsUnderOneRootNeedACollision(
        uint32 count,
        uint32 other,
        bytes32 apex,
        bytes32 otherApex
    ) public view {
        vm.assume(count != other);
        bytes32 once = sha256(abi.encodePacked(uint8(2), count, apex));
        bytes32 otherOnce = sha256(abi.encodePacked(uint8(2), other, otherApex));
        bool collision = once == otherOnce || sha256(bytes.concat(once)) == sha256(bytes.concat(otherOnce));
        assert(Merkle.root(count, apex) != Merkle.root(other, otherApex) || collision);
    }

    /// @dev Of all numbers of siblings one is accepted, and only for an index in the tree.
    function check_proofHasOneDepth(bytes32 leaf, uint32 count, bytes32[3] memory siblings) public view {
        for (uint256 depth = 0; depth <= DEPTH; ++depth) {
            bool fits = count <= 2 ** depth && (depth == 0 || count > 2 ** (depth - 1));
            for (uint32 index = 0; index < 2 ** depth; ++index) {
                try this.rootOf(leaf, index, count, _first(siblings, depth)) {
                    assert(fits && index < count);
                } catch {
                    assert(!fits || index >= count);
                }
            }
        }
    }

    function climb(bytes32 leaf, uint32 index, bytes32[] calldata proof) external view returns (bytes32) {
        return Merkle.climb(leaf, index, proof);
    }

    function rootOf(bytes32 leaf, uint32 index, uint32 count, bytes32[] calldata proof)
        external
        view
        returns (bytes32)
    {
        return Merkle.rootOf(leaf, index, count, proof);
    }

    /// @dev Whether somewhere on the two ways up two different nodes have one hash.
    function _collide(
        bytes32 leaf,
        bytes32 other,
        uint256 index,
        bytes32[3] memory siblings,
        bytes32[3] memory otherSiblings
    ) private pure returns (bool found) {
        for (uint256 i = 0; i < DEPTH; ++i) {
            bytes32 parent = _plainNode(leaf, siblings[i], index >> i);
            bytes32 otherParent = _plainNode(other, otherSiblings[i], index >> i);
            found = found || (leaf != other && parent == otherParent);
            (leaf, other) = (parent, otherParent);
        }
    }

    function _plainClimb(bytes32 leaf, uint256 index, bytes32[3] memory siblings, uint256 depth)
        private
        pure
        returns (bytes32 apex)
    {
        apex = leaf;
        for (uint256 i = 0; i < depth; ++i) {
            apex = _plainNode(apex, siblings[i], index >> i);
        }
    }

    function _plainNode(bytes32 running, bytes32 sibling, uint256 position) private pure returns (bytes32) {
        return position % 2 == 0
            ? _sha256d(bytes.concat(hex"01", running, sibling))
            : _sha256d(bytes.concat(hex"01", sibling, running));
    }

    function _first(bytes32[3] memory siblings, uint256 depth) private pure returns (bytes32[] memory proof) {
        proof = new bytes32[](depth);
        for (uint256 i = 0; i < depth; ++i) {
            proof[i] = siblings[i];
        }
    }
}

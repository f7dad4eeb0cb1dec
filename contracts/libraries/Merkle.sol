// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {Sha256d} from "./Sha256d.sol";

/// @notice Merkle trees of double SHA-256 whose root names the number of leaves.
/// @dev | hash | preimage                         | length |
///      | node | 0x01 | left 32 | right 32        | 65     |
///      | root | 0x02 | leaf count u32 | apex 32  | 37     |
/// An odd level ends with 32 zero bytes, never with its last node again (CVE-2012-2459: two lists, one root).
library Merkle {
    uint256 private constant ROOT = 0x02;
    uint256 private constant ROOT_LENGTH = 37;

    /// @notice The root of the tree in which `leaf` is leaf `index` of `leafCount` with these siblings, lowest level first.
    function rootOf(bytes32 leaf, uint32 index, uint32 leafCount, bytes32[] calldata proof)
        internal
        view
        returns (bytes32)
    {
        // Stops a proof of the padding that stands behind the last leaf.
        if (index >= leafCount) revert IBema.IndexOutOfRange(index, leafCount);
        // Stops a node from being proved as a leaf, and a leaf as a node.
        if (!_isDepth(proof.length, leafCount)) revert IBema.ProofDepth(proof.length, depth(leafCount));

        return root(leafCount, climb(leaf, index, proof));
    }

    /// @notice The apex above `leaf`: at each level the node of the running hash and its sibling, on the side that the index
    /// says.
    /// @dev In assembly, since it is what a proof costs. The preimage 0x01 | left | right lies in memory from 0 on, and each level
    /// writes its two halves over the last one's. The 65th byte is the highest of the free memory pointer, which is zero and is
    /// put back. Each call must succeed; that there is a precompile, which a success alone does not say, `root` finds out. The
    /// whole tree in plain Solidity is the fuzz oracle.
    function climb(bytes32 leaf, uint32 index, bytes32[] calldata proof)
        internal
        view
        returns (bytes32 apex)
    {
        bool done = true;
        assembly ("memory-safe") {
            mstore8(0, 0x01)
            // Bit 5 says on which side of its sibling the running hash belongs: 0 left, 32 right.
            let position := shl(5, index)
            let place := or(1, and(position, 32))
            mstore(place, leaf)
            let sibling := proof.offset
            let end := add(sibling, shl(5, proof.length))
            for {} lt(sibling, end) { sibling := add(sibling, 32) } {
                mstore(xor(place, 32), calldataload(sibling))
                done := and(done, staticcall(gas(), 2, 0, 65, 1, 32))
                // The node goes where the next level has it.
                position := shr(1, position)
                place := or(1, and(position, 32))
                done := and(done, staticcall(gas(), 2, 1, 32, place, 32))
            }
            apex := mload(place)
            mstore8(64, 0)
        }
        if (!done) revert Sha256d.HashFailed();
    }

    /// @notice ceil(log2 leafCount): the number of siblings in a proof.
    function depth(uint32 leafCount) internal pure returns (uint256 levels) {
        for (uint256 width = 1; width < leafCount; width <<= 1) {
            ++levels;
        }
    }

    /// @notice Double SHA-256 of 0x02 | leaf count | apex.
    function root(uint32 leafCount, bytes32 apex) internal view returns (bytes32) {
        uint256 prefix = ROOT << 32 | leafCount;
        uint256 start;
        assembly ("memory-safe") {
            // Behind the memory in use: five bytes of prefix, then the apex.
            start := mload(0x40)
            mstore(start, shl(216, prefix))
            mstore(add(start, 5), apex)
        }
        return Sha256d.ofMemory(start, ROOT_LENGTH);
    }

    /// @dev Whether levels = ceil(log2 leafCount), without counting: 2^(levels - 1) < leafCount <= 2^levels.
    function _isDepth(uint256 levels, uint32 leafCount) private pure returns (bool) {
        // Zero from 256 levels on, so that a proof of any length is answered.
        // forge-lint: disable-next-line(incorrect-shift)
        uint256 width = 1 << levels;
        return leafCount <= width && leafCount > width >> 1;
    }
}

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
    bytes1 private constant ROOT = 0x02;

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
    /// @dev In assembly, since it is what a proof costs: the preimage 0x01 | left | right stays where it is, and the two halves are
    /// written over it. The whole tree in plain Solidity is the fuzz oracle.
    function climb(bytes32 leaf, uint32 index, bytes32[] calldata proof)
        internal
        view
        returns (bytes32 apex)
    {
        bool done = true;
        assembly ("memory-safe") {
            apex := leaf
            let preimage := mload(0x40)
            mstore8(preimage, 0x01)
            let halves := add(preimage, 1)
            let position := index
            let end := add(proof.offset, shl(5, proof.length))
            for { let sibling := proof.offset } lt(sibling, end) { sibling := add(sibling, 32) } {
                let side := shl(5, and(position, 1))
                mstore(add(halves, side), apex)
                mstore(add(halves, xor(side, 32)), calldataload(sibling))
                // Arguments are evaluated from the last to the first: the call comes before the size of its answer.
                done := and(done, and(eq(returndatasize(), 32), staticcall(gas(), 2, preimage, 65, 0, 32)))
                done := and(done, and(eq(returndatasize(), 32), staticcall(gas(), 2, 0, 32, 0, 32)))
                apex := mload(0)
                position := shr(1, position)
            }
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
        return Sha256d.digest(abi.encodePacked(ROOT, leafCount, apex));
    }

    /// @dev Whether levels = ceil(log2 leafCount), without counting: 2^(levels - 1) < leafCount <= 2^levels.
    function _isDepth(uint256 levels, uint32 leafCount) private pure returns (bool) {
        // Zero from 256 levels on, so that a proof of any length is answered.
        // forge-lint: disable-next-line(incorrect-shift)
        uint256 width = 1 << levels;
        return leafCount <= width && leafCount > width >> 1;
    }
}

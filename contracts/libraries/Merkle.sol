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

    /// @notice The SHA-256 precompile gave no digest, as where the gas ran out.
    error HashFailed();

    /// @notice The root of the tree in which `leaf` is leaf `index` of `leafCount` with these siblings, lowest level first.
    function rootOf(bytes32 leaf, uint32 index, uint32 leafCount, bytes32[] calldata proof)
        internal
        view
        returns (bytes32)
    {
        // Stops a proof of the padding that stands behind the last leaf.
        if (index >= leafCount) revert IBema.IndexOutOfRange(index, leafCount);
        // Stops a node from being proved as a leaf, and a leaf as a node.
        uint256 required = depth(leafCount);
        if (proof.length != required) revert IBema.ProofDepth(proof.length, required);

        bytes32 apex = leaf;
        uint256 position = index;
        for (uint256 level = 0; level < required; ++level) {
            apex = position & 1 == 0 ? node(apex, proof[level]) : node(proof[level], apex);
            position >>= 1;
        }
        return root(leafCount, apex);
    }

    /// @notice ceil(log2 leafCount): the number of siblings in a proof.
    function depth(uint32 leafCount) internal pure returns (uint256 levels) {
        for (uint256 width = 1; width < leafCount; width <<= 1) {
            ++levels;
        }
    }

    /// @notice Double SHA-256 of 0x01 | left | right.
    /// @dev In assembly, since it runs once a level and so costs half. Its twin in plain Solidity is the fuzz oracle.
    function node(bytes32 left, bytes32 right) internal view returns (bytes32 digest) {
        bool done;
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore8(preimage, 0x01)
            mstore(add(preimage, 1), left)
            mstore(add(preimage, 33), right)
            done := staticcall(gas(), 2, preimage, 65, 0, 32)
            done := and(done, eq(returndatasize(), 32))
            let again := staticcall(gas(), 2, 0, 32, 0, 32)
            done := and(and(done, again), eq(returndatasize(), 32))
            digest := mload(0)
        }
        if (!done) revert HashFailed();
    }

    /// @notice Double SHA-256 of 0x02 | leaf count | apex.
    function root(uint32 leafCount, bytes32 apex) internal pure returns (bytes32) {
        return Sha256d.digest(abi.encodePacked(ROOT, leafCount, apex));
    }
}

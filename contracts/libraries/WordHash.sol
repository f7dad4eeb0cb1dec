// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice keccak256(abi.encode(...)) of a few words.
/// @dev In assembly, behind the memory in use: the compiler would keep the encoding, for half again the price. The digests' tests
/// hold it against the encoding of the standard.
library WordHash {
    function hash(bytes32 first, bytes32 second, bytes32 third) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, first)
            mstore(add(start, 32), second)
            mstore(add(start, 64), third)
            result := keccak256(start, 96)
        }
    }

    function hash(bytes32 first, bytes32 second, bytes32 third, bytes32 fourth)
        internal
        pure
        returns (bytes32 result)
    {
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, first)
            mstore(add(start, 32), second)
            mstore(add(start, 64), third)
            mstore(add(start, 96), fourth)
            result := keccak256(start, 128)
        }
    }
}

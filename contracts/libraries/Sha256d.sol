// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Double SHA-256, the hash of leaves, nodes, headers and miner info.
/// @dev In assembly, since every proof is made of it: the precompile is called on the bytes where they lie. The tests hold
/// its twin in plain Solidity. The second hash stops length extension of the first.
library Sha256d {
    /// @notice The SHA-256 precompile gave no digest, as where the gas ran out.
    error HashFailed();

    /// @notice SHA256(SHA256(data)).
    function digest(bytes memory data) internal view returns (bytes32) {
        uint256 start;
        assembly ("memory-safe") {
            start := add(data, 32)
        }
        return ofMemory(start, data.length);
    }

    /// @notice SHA256(SHA256(data)), copied once behind the memory in use.
    function digestCalldata(bytes calldata data) internal view returns (bytes32) {
        uint256 start;
        assembly ("memory-safe") {
            start := mload(0x40)
            calldatacopy(start, data.offset, data.length)
        }
        return ofMemory(start, data.length);
    }

    /// @notice SHA256(SHA256(memory[start..start + length])).
    function ofMemory(uint256 start, uint256 length) internal view returns (bytes32 result) {
        bool done;
        assembly ("memory-safe") {
            // Arguments are evaluated from the last to the first: the call comes before the size of its answer.
            done := and(eq(returndatasize(), 32), staticcall(gas(), 2, start, length, 0, 32))
            done := and(done, and(eq(returndatasize(), 32), staticcall(gas(), 2, 0, 32, 0, 32)))
            result := mload(0)
        }
        if (!done) revert HashFailed();
    }
}

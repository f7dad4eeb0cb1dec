// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Double SHA-256, the hash of leaves, nodes, headers and miner info.
library Sha256d {
    /// @notice SHA256(SHA256(data)).
    /// @dev The second hash stops length extension of the first.
    function digest(bytes memory data) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(sha256(data)));
    }
}

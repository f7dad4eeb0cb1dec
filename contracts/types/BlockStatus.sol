// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What became of a block hash.
enum BlockStatus {
    Unknown,
    Pending,
    Final,
    Orphaned
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What an account is to the contract; the numbers enter the miner info hash and never change.
enum PartyType {
    Neither,
    RegularParty,
    OriginalParty
}

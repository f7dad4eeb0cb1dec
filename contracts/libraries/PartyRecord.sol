// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PartyType} from "../types/PartyType.sol";

/// @notice What is kept of a party, in one slot. A founder has its id from the start and is registered once it names its model.
/// @dev | bits   | field       | meaning                                    |
///      | 0..31  | id          | from 1                                     |
///      | 32..39 | kind        |                                            |
///      | 40..47 | registered  | 1 or 0                                     |
///      | 48..87 | suspendedAt | chain time, s; 0 where it is not suspended |
/// A word of its own rather than a struct, as `BlockRecord` is.
type PartyRecord is uint256;

using PartyRecordLibrary for PartyRecord global;

/// @notice The fields of a party record.
library PartyRecordLibrary {
    uint256 private constant KIND = 32;
    uint256 private constant REGISTERED = 1 << 40;
    uint256 private constant SUSPENDED_AT = 48;
    /// @dev Kind and suspendedAt.
    uint256 private constant STANDING =
        uint256(type(uint8).max) << KIND | uint256(type(uint40).max) << SUSPENDED_AT;

    /// @notice A party that is neither registered nor suspended yet.
    function pack(uint32 id_, PartyType kind_) internal pure returns (PartyRecord) {
        return PartyRecord.wrap(uint256(id_) | uint256(kind_) << KIND);
    }

    // Each cast cuts the field out.
    // forge-lint: disable-start(unsafe-typecast)

    function id(PartyRecord self) internal pure returns (uint32) {
        return uint32(PartyRecord.unwrap(self));
    }

    function kind(PartyRecord self) internal pure returns (PartyType) {
        return PartyType(uint8(PartyRecord.unwrap(self) >> KIND));
    }

    function suspendedAt(PartyRecord self) internal pure returns (uint40) {
        return uint40(PartyRecord.unwrap(self) >> SUSPENDED_AT);
    }

    /// @notice Whether the kind is that of an original party.
    /// @dev Cheaper than by `kind`, where the compiler checks that the number is one of the enum's.
    function isOriginal(PartyRecord self) internal pure returns (bool) {
        return uint8(PartyRecord.unwrap(self) >> KIND) == uint8(PartyType.OriginalParty);
    }

    // forge-lint: disable-end(unsafe-typecast)

    /// @notice Whether it is an original party that is not suspended.
    /// @dev One comparison of both fields at once: every signer is asked.
    function mayJudge(PartyRecord self) internal pure returns (bool) {
        return PartyRecord.unwrap(self) & STANDING == uint256(PartyType.OriginalParty) << KIND;
    }

    function registered(PartyRecord self) internal pure returns (bool) {
        return PartyRecord.unwrap(self) & REGISTERED != 0;
    }

    function asRegistered(PartyRecord self) internal pure returns (PartyRecord) {
        return PartyRecord.wrap(PartyRecord.unwrap(self) | REGISTERED);
    }

    /// @notice The caller has checked that it is not suspended yet.
    function asSuspended(PartyRecord self, uint40 time) internal pure returns (PartyRecord) {
        return PartyRecord.wrap(PartyRecord.unwrap(self) | uint256(time) << SUSPENDED_AT);
    }
}

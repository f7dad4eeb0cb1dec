// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the contract itself found false in a block; the numbers are in the record of events and never change.
enum Fraud {
    None,
    MalformedLeaf,
    FirstLeafNotRecord,
    RecordOfOtherRules,
    RecordOfOtherMiner,
    RecordOfOtherHeight,
    SampleNotRevealed,
    SampleOfOtherParty,
    SampleRevealedLate,
    UpdateOfUnknownParty,
    RewardBeyondFunding,
    LeavesOutOfOrder,
    RewardDecreased
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sha256d} from "./Sha256d.sol";

/// @notice The four kinds of block leaves: 0x00 | tag 1 | fields, hashed by double SHA-256.
/// @dev | tag | leaf               | fields                                                         | length |
///      | 1   | calibration record | rules digest 32 | miner 20 | party type 1 | height 4 | 80 more | 139    |
///      | 2   | sample             | sample id 32 | owner 4 | commitment 32 | 6 more                | 76     |
///      | 3   | model update       | party 4 | old digest 32 | new digest 32                        | 70     |
///      | 4   | reward             | account 20 | cumulative amount 32                              | 54     |
/// Integers are big-endian. The fields may be read only of a leaf whose `tagOf` is their tag.
library Leaf {
    uint256 internal constant MALFORMED = 0;
    uint256 internal constant RECORD = 1;
    uint256 internal constant SAMPLE = 2;
    uint256 internal constant UPDATE = 3;
    uint256 internal constant REWARD = 4;

    /// @dev 0x00 | REWARD
    bytes2 private constant REWARD_PREFIX = 0x0004;

    uint256 private constant RECORD_LENGTH = 139;
    uint256 private constant SAMPLE_LENGTH = 76;
    uint256 private constant UPDATE_LENGTH = 70;
    uint256 private constant REWARD_LENGTH = 54;

    function leafHash(bytes calldata preimage) internal view returns (bytes32) {
        return Sha256d.digestCalldata(preimage);
    }

    /// @notice The hash of a reward leaf.
    function rewardHash(address account, uint256 cumulative) internal view returns (bytes32) {
        return Sha256d.digest(abi.encodePacked(REWARD_PREFIX, account, cumulative));
    }

    /// @notice The tag of a leaf that has its tag's length, else MALFORMED.
    function tagOf(bytes calldata preimage) internal pure returns (uint256) {
        uint256 length = preimage.length;
        if (length < REWARD_LENGTH || preimage[0] != 0) return MALFORMED;
        uint256 tag = uint8(preimage[1]);
        if (tag == SAMPLE && length == SAMPLE_LENGTH) return SAMPLE;
        if (tag == UPDATE && length == UPDATE_LENGTH) return UPDATE;
        if (tag == REWARD && length == REWARD_LENGTH) return REWARD;
        return tag == RECORD && length == RECORD_LENGTH ? RECORD : MALFORMED;
    }

    /// @notice What leaves of one tag ascend by: sample id, party id or account; nothing for the record, of which there is one.
    function keyOf(bytes calldata preimage, uint256 tag) internal pure returns (uint256) {
        if (tag == SAMPLE) return uint256(sampleId(preimage));
        if (tag == UPDATE) return updateParty(preimage);
        if (tag == REWARD) return uint160(rewardAccount(preimage));
        return 0;
    }

    function recordRules(bytes calldata preimage) internal pure returns (bytes32) {
        return bytes32(preimage[2:34]);
    }

    /// @notice The miner info hash that the record's miner and party type have.
    function recordMinerInfo(bytes calldata preimage) internal view returns (bytes32) {
        return Sha256d.digestCalldata(preimage[34:55]);
    }

    function recordHeight(bytes calldata preimage) internal pure returns (uint32) {
        return uint32(bytes4(preimage[55:59]));
    }

    function sampleId(bytes calldata preimage) internal pure returns (bytes32) {
        return bytes32(preimage[2:34]);
    }

    function sampleOwner(bytes calldata preimage) internal pure returns (uint32) {
        return uint32(bytes4(preimage[34:38]));
    }

    function sampleCommitment(bytes calldata preimage) internal pure returns (bytes32) {
        return bytes32(preimage[38:70]);
    }

    function updateParty(bytes calldata preimage) internal pure returns (uint32) {
        return uint32(bytes4(preimage[2:6]));
    }

    function rewardAccount(bytes calldata preimage) internal pure returns (address) {
        return address(bytes20(preimage[2:22]));
    }

    function rewardCumulative(bytes calldata preimage) internal pure returns (uint256) {
        return uint256(bytes32(preimage[22:54]));
    }
}

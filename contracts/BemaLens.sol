// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "./interfaces/IBema.sol";
import {BlockStatus} from "./types/BlockStatus.sol";
import {PartyType} from "./types/PartyType.sol";

/// @title Read-only views of a Bema contract for explorers and miners: one call where there would be many
/// @notice Holds nothing and can change nothing; whatever it answers can be had from Bema itself.
contract BemaLens {
    /// @notice What a chain looks like now. Amounts in wei, times in seconds.
    /// @param target that a block submitted in this second must meet
    /// @param held what the contract holds: pool, rewards owed and bonds
    struct Overview {
        IBema.Parameters parameters;
        bytes32 genesisHash;
        bool genesisClosed;
        uint32 partyCount;
        bytes32 tip;
        uint32 height;
        uint64 submittedAt;
        uint256 target;
        uint256 funded;
        uint256 claimed;
        uint32 finalisedHeight;
        uint256 held;
    }

    /// @notice What an account is and is owed.
    /// @param party 0 where the account has not registered
    /// @param suspendedAt 0 where the account was not suspended
    struct AccountView {
        address account;
        uint32 party;
        PartyType kind;
        uint64 suspendedAt;
        uint256 claimed;
        uint256 owed;
    }

    /// @notice What became of a block.
    /// @param bondOwner zero once the bond was returned or slashed
    struct BlockView {
        bytes32 blockHash;
        BlockStatus status;
        uint32 height;
        uint64 submittedAt;
        address bondOwner;
    }

    /// @notice The state of the chain as a whole.
    function overview(IBema bema) external view returns (Overview memory seen) {
        seen.parameters = bema.parameters();
        seen.genesisHash = bema.genesisHash();
        seen.genesisClosed = bema.genesisClosed();
        seen.partyCount = bema.partyCount();
        (seen.tip, seen.height, seen.submittedAt) = bema.tip();
        seen.target = bema.targetAt(block.timestamp);
        (seen.funded, seen.claimed, seen.finalisedHeight) = bema.pool();
        seen.held = address(bema).balance;
    }

    /// @notice Several accounts; the caller bounds their number.
    function accounts(IBema bema, address[] calldata asked)
        external
        view
        returns (AccountView[] memory seen)
    {
        seen = new AccountView[](asked.length);
        for (uint256 i = 0; i < asked.length; ++i) {
            AccountView memory entry = seen[i];
            entry.account = asked[i];
            entry.party = bema.partyOf(asked[i]);
            (entry.kind, entry.suspendedAt) = bema.standingOf(asked[i]);
            uint256 withdrawn;
            (entry.claimed, withdrawn) = bema.rewardsOf(asked[i]);
            entry.owed = entry.claimed - withdrawn;
        }
    }

    /// @notice Several blocks; the caller bounds their number.
    function blocks(IBema bema, bytes32[] calldata asked) external view returns (BlockView[] memory seen) {
        seen = new BlockView[](asked.length);
        for (uint256 i = 0; i < asked.length; ++i) {
            BlockView memory entry = seen[i];
            entry.blockHash = asked[i];
            (entry.status, entry.height, entry.submittedAt, entry.bondOwner) = bema.blockOf(asked[i]);
        }
    }
}

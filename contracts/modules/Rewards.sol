// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {BlockRecord} from "../libraries/BlockRecord.sol";
import {Header} from "../libraries/Header.sol";
import {Leaf} from "../libraries/Leaf.sol";
import {Blocks} from "./Blocks.sol";
import {Pool} from "./Pool.sol";

/// @notice How accounts are paid: final blocks say how much each has earned in all, and each takes what is new.
abstract contract Rewards is Blocks, Pool {
    using Header for bytes;

    /// @dev One slot, wei. The difference is owed.
    struct Account {
        uint128 claimed;
        uint128 withdrawn;
    }

    mapping(address account => Account) private _accounts;

    /// @inheritdoc IBema
    function claimReward(
        bytes calldata header,
        uint32 leafCount,
        uint32 index,
        uint256 cumulative,
        bytes32[] calldata siblings
    ) external {
        bytes32 blockHash = header.hash();
        uint32 height = _requirePayable(blockHash);
        _requireLeaf(header, Leaf.rewardHash(msg.sender, cumulative), index, leafCount, siblings);
        uint256 claimed = _accounts[msg.sender].claimed;
        if (cumulative <= claimed) revert NothingToClaim(cumulative, claimed);
        uint256 amount = cumulative - claimed;
        _pool = _pool.afterClaim(amount, height, MAX_REWARD_PER_BLOCK);

        // The pool had the amount, so the sum of all that an account claimed stays below 2^96.
        // forge-lint: disable-next-line(unsafe-typecast)
        _accounts[msg.sender].claimed = uint128(cumulative);
        emit RewardClaimed(msg.sender, blockHash, amount, cumulative);
    }

    /// @inheritdoc IBema
    function withdraw(address to) external {
        Account storage account = _accounts[msg.sender];
        uint256 amount = account.claimed - account.withdrawn;
        if (amount == 0) revert NothingToWithdraw(msg.sender);

        account.withdrawn = account.claimed;
        emit RewardWithdrawn(msg.sender, to, amount);
        _pay(to, amount);
    }

    /// @inheritdoc IBema
    function rewardsOf(address account) external view returns (uint256 claimed, uint256 withdrawn) {
        Account memory rewards = _accounts[account];
        return (rewards.claimed, rewards.withdrawn);
    }

    /// @dev A final block of the chain; for a suspended sender one from before its suspension.
    function _requirePayable(bytes32 blockHash) private view returns (uint32) {
        BlockRecord record = _requireOnChain(blockHash);
        if (block.timestamp <= _closesAt(record)) {
            revert ChallengeWindowOpen(block.timestamp, _closesAt(record));
        }
        uint256 suspendedAt = _suspendedAt(msg.sender);
        if (suspendedAt != 0 && record.submittedAt() >= suspendedAt) {
            revert Suspended(msg.sender, suspendedAt);
        }
        return record.height();
    }
}

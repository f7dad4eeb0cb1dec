// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {BlockRecord} from "../libraries/BlockRecord.sol";
import {Header} from "../libraries/Header.sol";
import {Leaf} from "../libraries/Leaf.sol";
import {Fraud} from "../types/Fraud.sol";
import {Commitments} from "./Commitments.sol";
import {Rejections} from "./Rejections.sol";

/// @notice What the contract can see to be false without anybody's vote.
abstract contract FraudProofs is Rejections, Commitments {
    using Header for bytes;
    using Leaf for bytes;

    /// @inheritdoc IBema
    function rejectFalseLeaf(bytes calldata header, uint32 leafCount, LeafProof calldata leaf) external {
        (bytes32 blockHash, BlockRecord record) = _requireChallengeable(header);
        _requireProved(header, leafCount, leaf);
        _rejectFor(_fraudOf(header, record, leaf), header, blockHash, record);
    }

    /// @inheritdoc IBema
    function rejectUnorderedLeaves(
        bytes calldata header,
        uint32 leafCount,
        LeafProof calldata first,
        LeafProof calldata second
    ) external {
        (bytes32 blockHash, BlockRecord record) = _requireChallengeable(header);
        if (first.index >= second.index) revert IndicesNotAscending(first.index, second.index);
        _requireProved(header, leafCount, first);
        _requireProved(header, leafCount, second);
        Fraud fraud = _ascend(first.preimage, second.preimage) ? Fraud.None : Fraud.LeavesOutOfOrder;
        _rejectFor(fraud, header, blockHash, record);
    }

    /// @inheritdoc IBema
    function rejectDecreasedReward(
        bytes calldata header,
        uint32 leafCount,
        LeafProof calldata leaf,
        bytes calldata earlierHeader,
        uint32 earlierLeafCount,
        LeafProof calldata earlierLeaf
    ) external {
        (bytes32 blockHash, BlockRecord record) = _requireChallengeable(header);
        _requireProved(header, leafCount, leaf);
        uint256 height = _requireOnChain(earlierHeader.hash()).height();
        if (height >= record.height()) revert NotAncestor(height, record.height());
        _requireProved(earlierHeader, earlierLeafCount, earlierLeaf);

        bool decreased = _rewardOf(leaf, _accountOf(earlierLeaf)) < earlierLeaf.preimage.rewardCumulative();
        _rejectFor(decreased ? Fraud.RewardDecreased : Fraud.None, header, blockHash, record);
    }

    function _rejectFor(Fraud fraud, bytes calldata header, bytes32 blockHash, BlockRecord record) private {
        if (fraud == Fraud.None) revert NoFraud(blockHash);
        _reject(header, blockHash, record);
        emit BlockRejected(record.height(), blockHash, header.parent(), fraud, 0, "");
    }

    function _requireProved(bytes calldata header, uint32 leafCount, LeafProof calldata leaf) private view {
        _requireLeaf(header, leaf.preimage.leafHash(), leaf.index, leafCount, leaf.siblings);
    }

    function _fraudOf(bytes calldata header, BlockRecord record, LeafProof calldata leaf)
        private
        view
        returns (Fraud)
    {
        bytes calldata preimage = leaf.preimage;
        uint256 tag = preimage.tagOf();
        if (tag == Leaf.MALFORMED) return Fraud.MalformedLeaf;
        if (leaf.index == 0 && tag != Leaf.RECORD) return Fraud.FirstLeafNotRecord;
        if (tag == Leaf.RECORD) return _fraudOfRecord(header, record, preimage);
        if (tag == Leaf.SAMPLE) return _fraudOfSample(record, preimage);
        if (tag == Leaf.UPDATE) {
            return _isParty(preimage.updateParty()) ? Fraud.None : Fraud.UpdateOfUnknownParty;
        }
        return preimage.rewardCumulative() > _pool.funded() ? Fraud.RewardBeyondFunding : Fraud.None;
    }

    function _fraudOfRecord(bytes calldata header, BlockRecord record, bytes calldata preimage)
        private
        view
        returns (Fraud)
    {
        if (preimage.recordRules() != RULES_DIGEST) return Fraud.RecordOfOtherRules;
        if (preimage.recordMinerInfo() != header.minerInfo()) return Fraud.RecordOfOtherMiner;
        return preimage.recordHeight() == record.height() ? Fraud.None : Fraud.RecordOfOtherHeight;
    }

    /// @dev A batch is revealed strictly before the block that uses it, so that nobody can choose its samples in view of
    /// the processing order. A reveal that comes after this proof would be too late as well.
    function _fraudOfSample(BlockRecord record, bytes calldata preimage) private view returns (Fraud) {
        Reveal memory reveal = _reveals[preimage.sampleCommitment()];
        if (reveal.party == 0) return Fraud.SampleNotRevealed;
        if (reveal.party != preimage.sampleOwner()) return Fraud.SampleOfOtherParty;
        return reveal.time < record.submittedAt() ? Fraud.None : Fraud.SampleRevealedLate;
    }

    function _isParty(uint32 party) private view returns (bool) {
        return party != 0 && party <= partyCount;
    }

    function _accountOf(LeafProof calldata leaf) private pure returns (address) {
        if (leaf.preimage.tagOf() != Leaf.REWARD) revert NotRewardLeaf(leaf.index);
        return leaf.preimage.rewardAccount();
    }

    function _rewardOf(LeafProof calldata leaf, address earlier) private pure returns (uint256) {
        address account = _accountOf(leaf);
        if (account != earlier) revert AccountMismatch(earlier, account);
        return leaf.preimage.rewardCumulative();
    }

    /// @dev Leaves without a shape have tag 0 and are refused on their own.
    function _ascend(bytes calldata first, bytes calldata second) private pure returns (bool) {
        uint256 tag = first.tagOf();
        uint256 nextTag = second.tagOf();
        if (tag != nextTag) return tag < nextTag;
        return first.keyOf(tag) < second.keyOf(tag);
    }
}

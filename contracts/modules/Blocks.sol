// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {BlockRecord, BlockRecordLibrary} from "../libraries/BlockRecord.sol";
import {Difficulty} from "../libraries/Difficulty.sol";
import {Header} from "../libraries/Header.sol";
import {Merkle} from "../libraries/Merkle.sol";
import {RollbackStack} from "../libraries/RollbackStack.sol";
import {BlockStatus} from "../types/BlockStatus.sol";
import {Parties} from "./Parties.sol";

/// @notice The proof-of-work chain of calibration blocks.
abstract contract Blocks is Parties {
    using Header for bytes;
    using RollbackStack for RollbackStack.Stack;

    uint256 private constant MINIMUM_LEAVES = 1;

    /// @dev Written with the first block of a period. A block in a period of the chain implies that the period's last
    /// writer is on the chain as well, so a rollback leaves the right targets behind without touching them.
    /// @param startedAt submission time of the block before the period, seconds
    struct Period {
        uint256 target;
        uint64 startedAt;
    }

    mapping(bytes32 blockHash => BlockRecord) internal _blocks;
    bytes32 internal _tip;
    mapping(uint256 number => Period) private _periods;
    RollbackStack.Stack private _rollbacks;

    /// @inheritdoc IBema
    function submitBlock(bytes calldata header, bytes32 bodyDigest, uint32 leafCount) external payable {
        bytes32 parent = _tip;
        if (parent == 0) _requireGenesisClosed();
        if (msg.value != BOND) revert BondMismatch(msg.value, BOND);
        bytes32 blockHash = header.hash();
        _requireBody(bodyDigest, leafCount);
        BlockRecord parentRecord = _blocks[parent];
        // First, so that a miner whose transaction was repeated learns that its block is in.
        if (_blocks[blockHash].submittedAt() != 0) revert BlockAlreadyAccepted(blockHash);
        if (header.parent() != parent) revert ParentNotTip(header.parent(), parent);
        _requireTimestamp(header.timestamp(), parentRecord.submittedAt());
        _requireMiner(header.minerInfo());
        uint256 target = _enterPeriod(parentRecord);
        if (uint256(blockHash) >= target) revert WorkTooLow(blockHash, target);

        uint32 height = parentRecord.height() + 1;
        _blocks[blockHash] =
            BlockRecordLibrary.pack(height, uint40(block.timestamp), parentRecord.rollbacks(), msg.sender);
        _tip = blockHash;
        emit BlockSubmitted(height, blockHash, msg.sender, header, bodyDigest, leafCount, target);
    }

    /// @inheritdoc IBema
    function verifyInclusion(
        bytes calldata header,
        bytes32 leaf,
        uint32 index,
        uint32 leafCount,
        bytes32[] calldata proof
    ) external view returns (bool) {
        _requireOnChain(header.hash());
        return Merkle.rootOf(leaf, index, leafCount, proof) == header.merkleRoot();
    }

    /// @inheritdoc IBema
    function tip() external view returns (bytes32 blockHash, uint32 height, uint64 submittedAt) {
        BlockRecord record = _blocks[_tip];
        return (_tip, record.height(), record.submittedAt());
    }

    /// @inheritdoc IBema
    function targetAt(uint256 time) external view returns (uint256) {
        BlockRecord record = _blocks[_tip];
        (uint256 target,) = _targetAfter(record);
        return _ease(target, record.submittedAt(), time);
    }

    /// @inheritdoc IBema
    function blockOf(bytes32 blockHash)
        external
        view
        returns (BlockStatus status, uint32 height, uint64 submittedAt, address bondOwner)
    {
        BlockRecord record = _blocks[blockHash];
        return (_statusOf(record), record.height(), record.submittedAt(), record.bondOwner());
    }

    /// @dev The genesis hash becomes the parent of block 1, at height 0 and without a miner.
    function _openChain() internal override {
        _blocks[genesisHash] = BlockRecordLibrary.pack(0, uint40(block.timestamp), 0, address(0));
        _periods[0] = Period({target: TARGET, startedAt: uint64(block.timestamp)});
        _tip = genesisHash;
        emit GenesisClosed(genesisHash);
    }

    /// @dev Makes `parent` the tip again; the caller has checked that it is the parent of a block of the chain.
    function _rollBackTo(bytes32 parent) internal {
        uint24 number = _blocks[_tip].rollbacks() + 1;
        BlockRecord record = _blocks[parent];
        // The new tip survives this rollback; blocks on it take their number from it.
        _blocks[parent] = record.withRollbacks(number);
        _rollbacks.push(number, record.height());
        _tip = parent;
    }

    function _requireOnChain(bytes32 blockHash) internal view returns (BlockRecord record) {
        record = _blocks[blockHash];
        if (record.submittedAt() == 0) revert BlockUnknown(blockHash);
        if (_isOrphaned(record)) revert BlockOrphaned(blockHash);
    }

    function _statusOf(BlockRecord record) internal view returns (BlockStatus) {
        if (record.submittedAt() == 0) return BlockStatus.Unknown;
        if (_isOrphaned(record)) return BlockStatus.Orphaned;
        return block.timestamp > _closesAt(record) ? BlockStatus.Final : BlockStatus.Pending;
    }

    function _isOrphaned(BlockRecord record) internal view returns (bool) {
        return _rollbacks.orphaned(record.rollbacks(), record.height());
    }

    /// @dev The last second in which the block can be rejected.
    function _closesAt(BlockRecord record) internal view returns (uint256) {
        // 40 bits and 32 bits.
        unchecked {
            return uint256(record.submittedAt()) + CHALLENGE_WINDOW;
        }
    }

    /// @dev The root that the proof leads to must be the header's.
    function _requireLeaf(
        bytes calldata header,
        bytes32 leaf,
        uint32 index,
        uint32 leafCount,
        bytes32[] calldata siblings
    ) internal view {
        bytes32 given = Merkle.rootOf(leaf, index, leafCount, siblings);
        bytes32 required = header.merkleRoot();
        if (given != required) revert RootMismatch(given, required);
    }

    /// @dev The target of a block on `parent` now; records the period where the block is its first.
    function _enterPeriod(BlockRecord parent) private returns (uint256) {
        (uint256 target, bool begins) = _targetAfter(parent);
        if (begins) {
            _periods[parent.height() / RETARGET_INTERVAL] =
                Period({target: target, startedAt: parent.submittedAt()});
        }
        return _ease(target, parent.submittedAt(), block.timestamp);
    }

    /// @dev The target of the period of the block on `parent`, and whether the period begins with that block. The genesis
    /// phase began the first one. Times are the chain's own, so no miner can bend them.
    function _targetAfter(BlockRecord parent) private view returns (uint256 target, bool begins) {
        uint256 number = parent.height() / RETARGET_INTERVAL;
        begins = number != 0 && parent.height() % RETARGET_INTERVAL == 0;
        if (!begins) return (_periods[number].target, false);
        Period memory last = _periods[number - 1];
        uint256 elapsed = parent.submittedAt() - last.startedAt;
        uint256 expected = uint256(RETARGET_INTERVAL) * BLOCK_SPACING;
        target = Difficulty.retarget(last.target, elapsed, expected, MAX_TARGET);
    }

    function _ease(uint256 target, uint256 from, uint256 time) private view returns (uint256) {
        uint256 waited = time > from ? time - from : 0;
        return Difficulty.ease(target, waited, BLOCK_SPACING, EASING_SPACINGS, MAX_TARGET);
    }

    function _requireBody(bytes32 bodyDigest, uint32 leafCount) private pure {
        if (bodyDigest == 0) revert ZeroBodyDigest();
        if (leafCount < MINIMUM_LEAVES) revert LeafCountOutOfRange(leafCount, MINIMUM_LEAVES);
    }

    /// @dev Stops work from being dated before its parent or into the future.
    function _requireTimestamp(uint256 timestamp, uint256 earliest) private view {
        if (timestamp < earliest || timestamp > block.timestamp) {
            revert TimestampOutOfRange(timestamp, earliest, block.timestamp);
        }
    }

    /// @dev Stops a found nonce from being stolen out of the transaction pool.
    function _requireMiner(bytes32 minerInfo) private view {
        bytes32 required = Header.minerInfoHash(msg.sender, _partyType(msg.sender));
        if (minerInfo != required) revert MinerInfoMismatch(minerInfo, required);
    }
}

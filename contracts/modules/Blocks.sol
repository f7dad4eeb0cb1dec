// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {Header} from "../libraries/Header.sol";
import {Merkle} from "../libraries/Merkle.sol";
import {Parties} from "./Parties.sol";

/// @notice The proof-of-work chain of calibration blocks.
abstract contract Blocks is Parties {
    using Header for bytes;

    uint256 private constant MINIMUM_LEAVES = 1;

    /// @dev One slot. It is never cleared, so a header is accepted at most once.
    struct BlockRecord {
        uint32 height;
        uint64 submittedAt;
        address miner;
    }

    mapping(bytes32 blockHash => BlockRecord) internal _blocks;
    bytes32 internal _tip;

    constructor() {
        if (TARGET == 0) revert TargetOutOfRange(TARGET);
    }

    /// @inheritdoc IBema
    function submitBlock(bytes calldata header, bytes32 bodyDigest, uint32 leafCount) external {
        _requireGenesisClosed();
        bytes32 blockHash = header.hash();
        _requireBody(bodyDigest, leafCount);
        bytes32 parent = _tip;
        BlockRecord memory parentRecord = _blocks[parent];
        // First, so that a miner whose transaction was repeated learns that its block is in.
        if (_isKnown(blockHash)) revert BlockAlreadyAccepted(blockHash);
        if (header.parent() != parent) revert ParentNotTip(header.parent(), parent);
        _requireTimestamp(header.timestamp(), parentRecord.submittedAt);
        _requireMiner(header.minerInfo());
        if (uint256(blockHash) >= TARGET) revert WorkTooLow(blockHash, TARGET);

        uint32 height = parentRecord.height + 1;
        _blocks[blockHash] =
            BlockRecord({height: height, submittedAt: uint64(block.timestamp), miner: msg.sender});
        _tip = blockHash;
        emit BlockSubmitted(height, blockHash, msg.sender, header, bodyDigest, leafCount, TARGET);
    }

    /// @inheritdoc IBema
    function verifyInclusion(
        bytes calldata header,
        bytes32 leaf,
        uint32 index,
        uint32 leafCount,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 blockHash = header.hash();
        if (!_isKnown(blockHash)) revert BlockUnknown(blockHash);
        return Merkle.rootOf(leaf, index, leafCount, proof) == header.merkleRoot();
    }

    /// @inheritdoc IBema
    function tip() external view returns (bytes32 blockHash, uint32 height, uint64 submittedAt) {
        BlockRecord memory record = _blocks[_tip];
        return (_tip, record.height, record.submittedAt);
    }

    /// @dev The genesis hash becomes the parent of block 1, at height 0 and without a miner.
    function _openChain() internal override {
        _blocks[genesisHash].submittedAt = uint64(block.timestamp);
        _tip = genesisHash;
        emit GenesisClosed(genesisHash);
    }

    function _isKnown(bytes32 blockHash) private view returns (bool) {
        return _blocks[blockHash].submittedAt != 0;
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

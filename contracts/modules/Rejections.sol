// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {BlockRecord} from "../libraries/BlockRecord.sol";
import {Header} from "../libraries/Header.sol";
import {WordHash} from "../libraries/WordHash.sol";
import {BlockStatus} from "../types/BlockStatus.sol";
import {Fraud} from "../types/Fraud.sol";
import {Blocks} from "./Blocks.sol";
import {Pool} from "./Pool.sol";
import {Quorum} from "./Quorum.sol";

/// @notice How a false block leaves the chain, and what becomes of bonds.
abstract contract Rejections is Blocks, Pool, Quorum {
    using Header for bytes;

    bytes32 private constant REJECTION_TYPE_HASH = keccak256("Rejection(bytes32 blockHash,bytes32 reason)");

    /// @inheritdoc IBema
    function rejectByVote(bytes calldata header, bytes32 reason, bytes calldata signatures) external {
        (bytes32 blockHash, BlockRecord record) = _requireChallengeable(header);
        if (reason == 0) revert ZeroReason();
        _requireQuorum(rejectionDigest(blockHash, reason), signatures);

        _reject(header, blockHash, record);
        emit BlockRejected(record.height(), blockHash, header.parent(), Fraud.None, reason, signatures);
    }

    /// @inheritdoc IBema
    function withdrawBond(bytes32 blockHash, address to) external {
        BlockRecord record = _blocks[blockHash];
        if (record.bondOwner() != msg.sender) revert NotBondOwner(msg.sender, record.bondOwner());
        if (_statusOf(record) == BlockStatus.Pending) {
            revert ChallengeWindowOpen(block.timestamp, _closesAt(record));
        }

        _blocks[blockHash] = record.withoutBondOwner();
        emit BondReturned(blockHash, msg.sender, to, BOND);
        _pay(to, BOND);
    }

    /// @inheritdoc IBema
    function rejectionDigest(bytes32 blockHash, bytes32 reason) public view returns (bytes32) {
        return _digestOf(WordHash.hash(REJECTION_TYPE_HASH, blockHash, reason));
    }

    /// @dev A block of the chain that can still be rejected. After its window every ancestor's is closed too.
    function _requireChallengeable(bytes calldata header)
        internal
        view
        returns (bytes32 blockHash, BlockRecord record)
    {
        blockHash = header.hash();
        record = _requireOnChain(blockHash);
        uint256 closedAt = _closesAt(record);
        if (block.timestamp > closedAt) revert ChallengeWindowClosed(block.timestamp, closedAt);
    }

    /// @dev Slashes the bond of this block; those of its descendants stay with their owners.
    function _reject(bytes calldata header, bytes32 blockHash, BlockRecord record) internal {
        _blocks[blockHash] = record.withoutBondOwner();
        _rollBackTo(header.parent());
        _feedPool(record.bondOwner(), BOND);
    }
}

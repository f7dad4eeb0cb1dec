// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {Parties} from "./Parties.sol";

/// @notice Batches of calibration samples: committed first, revealed later, at a cost that does not grow with the batch.
abstract contract Commitments is Parties {
    uint256 internal constant MINIMUM_EXPIRY = 2;

    /// @dev One slot, so that a party's next commitment writes to a used one. The first 27 bytes are as hard to match as the
    /// signature curve is to break; the event has all 32.
    /// @param blockNumber in which it was made; 0 once it is revealed
    struct Commitment {
        bytes27 prefix;
        uint40 blockNumber;
    }

    /// @dev One slot.
    struct Reveal {
        uint32 party;
        uint64 time;
    }

    mapping(uint32 party => Commitment) private _latest;
    mapping(bytes32 commitment => Reveal) internal _reveals;

    constructor() {
        if (COMMITMENT_EXPIRY < MINIMUM_EXPIRY) {
            revert CommitmentExpiryOutOfRange(COMMITMENT_EXPIRY, MINIMUM_EXPIRY);
        }
    }

    /// @inheritdoc IBema
    function commitBatch(bytes32 commitment) external {
        _requireGenesisClosed();
        uint32 party = _requireMember(msg.sender).id();
        if (commitment == 0) revert ZeroCommitment();
        if (_reveals[commitment].party != 0) revert CommitmentAlreadyRevealed(commitment);
        Commitment memory latest = _latest[party];
        if (_isOpen(latest) && block.number <= _lastBlock(latest)) {
            revert CommitmentOpen(party, latest.prefix, _lastBlock(latest));
        }

        // See `Commitment`.
        // forge-lint: disable-next-line(unsafe-typecast)
        _latest[party] = Commitment({prefix: bytes27(commitment), blockNumber: uint40(block.number)});
        emit BatchCommitted(party, commitment);
    }

    /// @inheritdoc IBema
    function revealBatch(bytes32 batchRoot, bytes32 contentDigest, bytes32 salt) external {
        uint32 party = _requireMember(msg.sender).id();
        Commitment memory latest = _latest[party];
        if (!_isOpen(latest)) revert NoOpenCommitment(party);
        // Stops a commitment made in view of somebody's reveal in the same Ethereum block.
        if (block.number <= latest.blockNumber) revert RevealTooEarly(block.number, latest.blockNumber + 1);
        if (block.number > _lastBlock(latest)) revert CommitmentExpired(block.number, _lastBlock(latest));
        bytes32 revealed = batchCommitment(party, batchRoot, contentDigest, salt);
        // Cut as it was when it was committed.
        // forge-lint: disable-next-line(unsafe-typecast)
        if (bytes27(revealed) != latest.prefix) revert CommitmentMismatch(latest.prefix, revealed);

        _latest[party].blockNumber = 0;
        _reveals[revealed] = Reveal({party: party, time: uint64(block.timestamp)});
        emit BatchRevealed(party, revealed, batchRoot, contentDigest, salt);
    }

    /// @inheritdoc IBema
    function revealOf(bytes32 commitment) external view returns (uint32 party, uint64 time) {
        Reveal memory reveal = _reveals[commitment];
        return (reveal.party, reveal.time);
    }

    /// @inheritdoc IBema
    function batchCommitment(uint32 party, bytes32 batchRoot, bytes32 contentDigest, bytes32 salt)
        public
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(block.chainid, address(this), party, batchRoot, contentDigest, salt));
    }

    function _isOpen(Commitment memory latest) private pure returns (bool) {
        return latest.blockNumber != 0;
    }

    function _lastBlock(Commitment memory latest) private view returns (uint256) {
        return uint256(latest.blockNumber) + COMMITMENT_EXPIRY;
    }
}

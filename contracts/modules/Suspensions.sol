// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {WordHash} from "../libraries/WordHash.sol";
import {Quorum} from "./Quorum.sol";

/// @notice How a party loses its membership.
abstract contract Suspensions is Quorum {
    bytes32 private constant SUSPENSION_TYPE_HASH =
        keccak256("Suspension(address account,bytes32 reason,uint256 deadline)");

    /// @inheritdoc IBema
    function suspendParty(address account, bytes32 reason, uint64 deadline, bytes calldata signatures)
        external
    {
        _requireGenesisClosed();
        if (reason == 0) revert ZeroReason();
        if (block.timestamp > deadline) revert SignaturesExpired(deadline, block.timestamp);
        _requireQuorum(suspensionDigest(account, reason, deadline), signatures);

        uint32 party = _suspend(account);
        emit PartySuspended(party, account, reason, deadline, signatures);
    }

    /// @inheritdoc IBema
    function suspensionDigest(address account, bytes32 reason, uint64 deadline)
        public
        view
        returns (bytes32)
    {
        return _digestOf(
            WordHash.hash(
                SUSPENSION_TYPE_HASH, bytes32(uint256(uint160(account))), reason, bytes32(uint256(deadline))
            )
        );
    }
}

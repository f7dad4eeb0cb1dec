// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PackedBytes} from "../libraries/PackedBytes.sol";
import {Signature} from "../libraries/Signature.sol";
import {Parties} from "./Parties.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Votes of the original parties, all in one call.
abstract contract Quorum is Parties, Signatures {
    /// @dev Every signature given must count: a quorum is not made of whatever happens to be valid.
    function _requireQuorum(bytes32 digest, bytes calldata signatures) internal view {
        uint256 count = PackedBytes.records(signatures, Signature.LENGTH);
        if (count < QUORUM) revert TooFewSignatures(count, QUORUM);
        address previous;
        for (uint256 i = 0; i < count; ++i) {
            address signer = _recover(digest, signatures, i * Signature.LENGTH, i);
            // Stops one original party from voting twice.
            if (signer <= previous) revert SignersNotAscending(previous, signer);
            _requireJudge(signer);
            previous = signer;
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PackedBytes} from "../libraries/PackedBytes.sol";
import {Signature} from "../libraries/Signature.sol";
import {Judges} from "./Judges.sol";

/// @notice Votes of the original parties, all in one call.
abstract contract Quorum is Judges {
    /// @dev Every signature given must count: a quorum is not made of whatever happens to be valid.
    function _requireQuorum(bytes32 digest, bytes calldata signatures) internal view {
        uint256 count = PackedBytes.records(signatures, Signature.LENGTH);
        if (count < QUORUM) revert TooFewSignatures(count, QUORUM);
        address previous;
        // No place in calldata overflows.
        unchecked {
            for (uint256 start = 0; start < signatures.length; start += Signature.LENGTH) {
                (previous,) = _requireSigner(digest, signatures, start, Signature.LENGTH, previous);
            }
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Parties} from "./Parties.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Votes of the original parties, all in one call.
abstract contract Quorum is Parties, Signatures {
    /// @dev Every signature given must count: a quorum is not made of whatever happens to be valid.
    function _requireQuorum(bytes32 digest, bytes[] calldata signatures) internal view {
        if (signatures.length < QUORUM) revert TooFewSignatures(signatures.length, QUORUM);
        address previous;
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = _recover(digest, signatures[i], i);
            // Stops one original party from voting twice.
            if (signer <= previous) revert SignersNotAscending(previous, signer);
            _requireJudge(signer);
            previous = signer;
        }
    }
}

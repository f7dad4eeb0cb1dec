// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Signature} from "../libraries/Signature.sol";
import {Parties} from "./Parties.sol";
import {Signatures} from "./Signatures.sol";

/// @notice The original parties as judges: who signed, whether it may, and that none signs twice.
abstract contract Judges is Parties, Signatures {
    /// @dev The signer of the signature that begins at `start` of `data`, which holds it whole; an original party that may judge,
    /// its address above `previous`. All that is asked of a signer in one function, since calls among functions would cost
    /// more than the questions.
    /// @param recordLength bytes of which each record has one signature; for the error
    function _requireSigner(
        bytes32 digest,
        bytes calldata data,
        uint256 start,
        uint256 recordLength,
        address previous
    ) internal view returns (address signer, Party storage party) {
        signer = Signature.recover(digest, data, start);
        // Stops one original party from counting twice. A signature of nobody gives zero, which is above nothing.
        if (signer <= previous) {
            if (signer == address(0)) revert InvalidSignature(start / recordLength);
            revert SignersNotAscending(previous, signer);
        }
        party = _requireJudge(signer);
    }
}

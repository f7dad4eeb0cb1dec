// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PackedBytes} from "./PackedBytes.sol";

/// @notice One original party's approval as calls and events carry it; account, model card and masks are the registration's.
/// @dev | offset | length | field           | meaning                                          |
///      | 0      | 32     | vouched classes | mask, within the signer's held classes           |
///      | 32     | 32     | nonce           | chosen by the signer; used once                  |
///      | 64     | 8      | deadline        | last chain time, s, at which the approval counts |
///      | 72     | 65     | signature       | r 32 | s 32 | v 1                                |
/// Integers are big-endian. `start` is where the record begins; the caller has counted the records.
library ApprovalRecord {
    using PackedBytes for bytes;

    uint256 internal constant LENGTH = 137;
    uint256 internal constant SIGNATURE = 72;

    function vouchedClasses(bytes calldata approvals, uint256 start) internal pure returns (uint256) {
        return uint256(approvals.wordAt(start));
    }

    function nonce(bytes calldata approvals, uint256 start) internal pure returns (uint256) {
        unchecked {
            return uint256(approvals.wordAt(start + 32));
        }
    }

    function deadline(bytes calldata approvals, uint256 start) internal pure returns (uint64) {
        unchecked {
            return uint64(bytes8(approvals.wordAt(start + 64)));
        }
    }
}

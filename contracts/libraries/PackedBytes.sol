// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";

/// @notice Byte strings of fixed fields, read where they lie. Records of one length follow one another, so that neither calldata
/// nor events spend words on where each begins and how long it is.
library PackedBytes {
    /// @notice The number of records of `length` bytes; refuses a string that ends within one.
    function records(bytes calldata data, uint256 length) internal pure returns (uint256) {
        if (data.length % length != 0) revert IBema.RecordCutShort(data.length, length);
        return data.length / length;
    }

    /// @notice The 32 bytes from `offset` on. The caller has checked the length of the string.
    /// @dev In assembly, since a slice would check the length once more for each field.
    function wordAt(bytes calldata data, uint256 offset) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, offset))
        }
    }
}

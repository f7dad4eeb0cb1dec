// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PackedBytes} from "./PackedBytes.sol";

/// @notice Recovers who signed. The tests hold OpenZeppelin's ECDSA beside it, which gives the same answers for some 185 gas more.
/// @dev | offset | length | field |
///      | 0      | 32     | r     |
///      | 32     | 32     | s     |
///      | 64     | 1      | v     |
library Signature {
    using PackedBytes for bytes;

    uint256 internal constant LENGTH = 65;
    /// @dev Half the order of secp256k1, rounded down.
    uint256 private constant HIGHEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice The signer of the signature that begins at `start`; zero where it is nobody's or has s in the upper half. The
    /// caller has checked that the string holds it whole.
    /// @dev High-s twins are refused, so of one signature there are no two.
    function recover(bytes32 digest, bytes calldata data, uint256 start)
        internal
        pure
        returns (address signer)
    {
        unchecked {
            bytes32 s = data.wordAt(start + 32);
            // Without an early return, for which the compiler would make it a call of its own.
            if (uint256(s) <= HIGHEST_S) {
                signer = ecrecover(digest, uint8(bytes1(data.wordAt(start + 64))), data.wordAt(start), s);
            }
        }
    }
}

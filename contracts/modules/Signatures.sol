// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IBema} from "../interfaces/IBema.sol";

/// @notice EIP-712 signatures of this chain and this contract; EIP-5267 tells wallets the domain.
abstract contract Signatures is IBema, EIP712 {
    constructor() EIP712("BEMA", "1") {}

    /// @dev High-s twins are refused, so of one signature there are no two.
    function _recover(bytes32 digest, bytes calldata signature, uint256 index)
        internal
        pure
        returns (address signer)
    {
        ECDSA.RecoverError failure;
        (signer, failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure != ECDSA.RecoverError.NoError) revert InvalidSignature(index);
    }
}

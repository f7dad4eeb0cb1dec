// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IBema} from "../interfaces/IBema.sol";
import {Signature} from "../libraries/Signature.sol";

/// @notice EIP-712 signatures of this chain and this contract; EIP-5267 tells wallets the domain.
abstract contract Signatures is IBema, EIP712 {
    constructor() EIP712("BEMA", "1") {}

    /// @param start where the signature begins in `data`, which holds it whole
    /// @param index of the signature among those given, for the error
    function _recover(bytes32 digest, bytes calldata data, uint256 start, uint256 index)
        internal
        pure
        returns (address signer)
    {
        signer = Signature.recover(digest, data, start);
        if (signer == address(0)) revert InvalidSignature(index);
    }
}

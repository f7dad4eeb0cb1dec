// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IBema} from "../interfaces/IBema.sol";

/// @notice EIP-712 signatures of this chain and this contract; EIP-5267 tells wallets the domain.
abstract contract Signatures is IBema, EIP712 {
    uint256 private immutable CHAIN;
    bytes32 private immutable DOMAIN;

    constructor() EIP712("BEMA", "1") {
        CHAIN = block.chainid;
        DOMAIN = _domainSeparatorV4();
    }

    /// @dev OpenZeppelin's also asks each time whether it runs behind a proxy, which this contract cannot. It is asked where a
    /// fork of the chain has changed the id, so that a signature counts on one chain alone.
    function _domain() internal view returns (bytes32) {
        return block.chainid == CHAIN ? DOMAIN : _domainSeparatorV4();
    }

    function _digestOf(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(_domain(), structHash);
    }
}

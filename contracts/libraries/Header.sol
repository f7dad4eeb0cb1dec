// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {PartyType} from "../types/PartyType.sol";
import {PackedBytes} from "./PackedBytes.sol";
import {Sha256d} from "./Sha256d.sol";

/// @notice The 112-byte block header. The fields may be read only after `hash`, which checks the length.
/// @dev | offset | length | field           |
///      | 0      | 32     | parent hash     |
///      | 32     | 32     | Merkle root     |
///      | 64     | 32     | miner info hash |
///      | 96     | 8      | timestamp, s    |
///      | 104    | 8      | nonce           |
/// Integers are big-endian. No leaf, node or root preimage is 112 bytes long.
library Header {
    using PackedBytes for bytes;

    uint256 internal constant LENGTH = 112;

    /// @notice Double SHA-256 of the header; as a big-endian number it is compared with the target.
    function hash(bytes calldata header) internal view returns (bytes32) {
        if (header.length != LENGTH) revert IBema.HeaderLength(header.length, LENGTH);
        return Sha256d.digestCalldata(header);
    }

    function parent(bytes calldata header) internal pure returns (bytes32) {
        return header.wordAt(0);
    }

    function merkleRoot(bytes calldata header) internal pure returns (bytes32) {
        return header.wordAt(32);
    }

    function minerInfo(bytes calldata header) internal pure returns (bytes32) {
        return header.wordAt(64);
    }

    function timestamp(bytes calldata header) internal pure returns (uint64) {
        return uint64(bytes8(header.wordAt(96)));
    }

    /// @notice The miner info hash: double SHA-256 of miner address 20 | party type 1.
    function minerInfoHash(address miner, PartyType partyType) internal view returns (bytes32) {
        return Sha256d.digest(abi.encodePacked(miner, partyType));
    }

    /// @notice The parent of block 1: double SHA-256 of 0x04 | chain id 32 | contract 20 | rules digest 32.
    /// @dev Binds every block to one chain, one contract and one rules object.
    function genesisHash(uint256 chainId, address bema, bytes32 rulesDigest) internal view returns (bytes32) {
        return Sha256d.digest(abi.encodePacked(bytes1(0x04), chainId, bema, rulesDigest));
    }
}

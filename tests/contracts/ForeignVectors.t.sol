// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sha256d} from "../../contracts/libraries/Sha256d.sol";
import {Signature} from "../../contracts/libraries/Signature.sol";
import {Vectors} from "./support/Vectors.sol";

/// @notice What others published beyond plain hashes: proof of work, and a signed EIP-712 message.
contract ForeignVectorsTest is Vectors {
    /// @dev Bitcoin reads a hash as a little-endian number, this protocol as a big-endian one.
    function testProofOfWork() public {
        _open("known_hashes.json", "proof_of_work");
        for (uint256 i = _count(); i > 0; --i) {
            bytes memory header = _bytes(i - 1, "header");
            bytes32 target = _bytes32(i - 1, "target");
            bytes32 blockHash = _reversed(Sha256d.digest(header));
            vm.assertEq(blockHash, _bytes32(i - 1, "hash"));
            vm.assertTrue(blockHash < target);
            header[header.length - 1] ^= 0x01;
            vm.assertTrue(_reversed(Sha256d.digest(header)) >= target, "another nonce");
        }
    }

    function testSignerOfTheStandardsExample() public view {
        string memory json = vm.readFile("tests/vectors/known_hashes.json");
        bytes32 digest = vm.parseJsonBytes32(json, ".eip712.digest");
        bytes memory signature = vm.parseJsonBytes(json, ".eip712.signature");
        address signer = vm.parseJsonAddress(json, ".eip712.signer");
        vm.assertEq(this.recover(digest, signature), signer);
        vm.assertTrue(this.recover(digest ^ bytes32(uint256(1)), signature) != signer, "another message");
    }

    function recover(bytes32 digest, bytes calldata signature) external pure returns (address) {
        return Signature.recover(digest, signature, 0);
    }

    function _reversed(bytes32 word) private pure returns (bytes32 turned) {
        for (uint256 i = 0; i < 32; ++i) {
            turned |= bytes32(word[i]) >> (8 * (31 - i));
        }
    }
}

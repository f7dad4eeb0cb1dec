// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Signature} from "../../contracts/libraries/Signature.sol";
import {Test} from "./support/Test.sol";

/// @notice OpenZeppelin's ECDSA as the twin: it gives the same signer, and zero wherever it has a complaint.
contract SignatureTest is Test {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function testFuzzSigned(uint256 key, bytes32 digest) public view {
        key = bound(key, 1, ORDER - 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        vm.assertEq(this.recover(digest, abi.encodePacked(r, s, v)), vm.addr(key));
        // Its twin in the upper half.
        bytes32 high = bytes32(ORDER - uint256(s));
        vm.assertEq(this.recover(digest, abi.encodePacked(r, high, v ^ 7)), address(0));
    }

    /// @dev Any v around 27 and 28, and s around its bound.
    function testFuzzLikeTheTwin(bytes32 digest, uint256 key, uint8 v, uint256 shift) public view {
        (, bytes32 r,) = vm.sign(bound(key, 1, ORDER - 1), digest);
        uint256 s = ORDER / 2 - 2 + shift % 5;
        bytes memory signature = abi.encodePacked(r, s, 25 + v % 6);
        vm.assertEq(this.recover(digest, signature), this.twin(digest, signature));
    }

    /// @dev Wherever it begins, and whatever stands before and behind it.
    function testFuzzSignatureAmongOtherBytes(bytes32 digest, bytes memory before, bytes memory behind)
        public
        view
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(1, digest);
        bytes memory data = abi.encodePacked(before, r, s, v, behind);
        vm.assertEq(this.recoverAt(digest, data, before.length), vm.addr(1));
        data[before.length + 40] ^= 0x01;
        vm.assertTrue(this.recoverAt(digest, data, before.length) != vm.addr(1), "another signature");
    }

    function recover(bytes32 digest, bytes calldata signature) external pure returns (address) {
        return Signature.recover(digest, signature, 0);
    }

    function recoverAt(bytes32 digest, bytes calldata data, uint256 start) external pure returns (address) {
        return Signature.recover(digest, data, start);
    }

    function twin(bytes32 digest, bytes calldata signature) external pure returns (address signer) {
        (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClassMask} from "../../contracts/libraries/ClassMask.sol";
import {BitSlicedCounter} from "../../contracts/libraries/BitSlicedCounter.sol";
import {Merkle} from "../../contracts/libraries/Merkle.sol";
import {Sha256d} from "../../contracts/libraries/Sha256d.sol";
import {WordHash} from "../../contracts/libraries/WordHash.sol";
import {Test} from "./support/Test.sol";

contract WordHashTest is Test {
    /// @dev What lies in memory stays as it was.
    function testFuzzHashesLikeTheEncoding(bytes32[4] memory words, bytes memory inUse) public pure {
        bytes32 before = keccak256(inUse);
        bytes32 three = WordHash.hash(words[0], words[1], words[2]);
        bytes32 four = WordHash.hash(words[0], words[1], words[2], words[3]);
        vm.assertEq(keccak256(inUse), before);
        vm.assertEq(three, keccak256(abi.encode(words[0], words[1], words[2])));
        vm.assertEq(four, keccak256(abi.encode(words)));
    }
}

contract BitSlicedCounterTest is Test {
    using BitSlicedCounter for uint256[];

    /// @dev Against one plain counter a class.
    function testFuzzCountsLikeAnArray(uint256[] memory given, uint8 bound_, uint256 within) public pure {
        uint256 length = given.length < 12 ? given.length : 12;
        uint256[] memory planes = BitSlicedCounter.upTo(length);
        uint256[256] memory counts;
        for (uint256 i = 0; i < length; ++i) {
            planes.add(given[i]);
            for (uint256 y = 0; y < 256; ++y) {
                counts[y] += given[i] >> y & 1;
            }
        }
        uint8 limit = bound_ % 20;
        uint256 less;
        uint256 least = type(uint256).max;
        for (uint256 y = 0; y < 256; ++y) {
            if (within >> y & 1 == 0) continue;
            if (counts[y] < limit) less |= 1 << y;
            if (counts[y] < least) least = counts[y];
        }
        vm.assertEq(planes.below(within, limit), less);
        if (within != 0) vm.assertEq(planes.minimum(within), least);
    }

    /// @dev Every count from 0 on, against every bound, also those beyond the planes.
    function testEveryCountAndBound() public pure {
        uint256[] memory planes = BitSlicedCounter.upTo(100);
        for (uint256 count = 0; count <= 100; ++count) {
            vm.assertEq(planes.minimum(2), count);
            for (uint256 limit = 0; limit <= 255; ++limit) {
                vm.assertEq(planes.below(2, limit), count < limit ? 2 : 0);
            }
            planes.add(2);
        }
    }

    function testPlanes() public pure {
        vm.assertEq(BitSlicedCounter.upTo(0).length, 0);
        for (uint256 bits = 1; bits <= 20; ++bits) {
            vm.assertEq(BitSlicedCounter.upTo(1 << (bits - 1)).length, bits);
            vm.assertEq(BitSlicedCounter.upTo((1 << bits) - 1).length, bits);
        }
    }

    /// @dev Memory that was used and given back is not zero.
    function testCountersBeginAtZeroInUsedMemory() public pure {
        assembly ("memory-safe") {
            let start := mload(0x40)
            for { let place := start } lt(place, add(start, 512)) { place := add(place, 32) } {
                mstore(place, not(0))
            }
        }
        uint256[] memory planes = BitSlicedCounter.upTo(7);
        vm.assertEq(planes.minimum(3), 0);
        vm.assertEq(planes.below(3, 1), 3);
    }

    function testNothingCounted() public pure {
        uint256[] memory planes = BitSlicedCounter.upTo(0);
        vm.assertEq(planes.below(7, 1), 7);
        vm.assertEq(planes.below(7, 0), 0);
        vm.assertEq(planes.minimum(7), 0);
    }
}

contract ClassMaskTest is Test {
    function testFirstClasses() public pure {
        for (uint256 classes = 1; classes < 256; ++classes) {
            vm.assertEq(ClassMask.firstClasses(classes), (1 << classes) - 1);
        }
        vm.assertEq(ClassMask.firstClasses(256), type(uint256).max);
    }

    function testFuzzIsWithin(uint256 mask, uint256 other) public pure {
        vm.assertTrue(ClassMask.isWithin(mask & other, other));
        vm.assertTrue(ClassMask.isWithin(mask, other) == (mask | other == other));
    }
}

contract Sha256dTest is Test {
    /// @dev Lengths around the 64-byte blocks of SHA-256 and far beyond.
    function testFuzzAnyLength(bytes32 seed, uint256 length) public view {
        bytes memory data = new bytes(bound(length, 0, 5_000));
        for (uint256 i = 0; i < data.length; i += 32) {
            data[i] = seed[i / 32 % 32];
        }
        vm.assertEq(Sha256d.digest(data), sha256(bytes.concat(sha256(data))));
        vm.assertEq(this.ofCalldata(data), sha256(bytes.concat(sha256(data))));
    }

    /// @dev What lies in memory stays as it was.
    function ofCalldata(bytes calldata data) external view returns (bytes32 hash) {
        bytes memory before = abi.encodePacked("in use");
        hash = Sha256d.digestCalldata(data);
        vm.assertEq(keccak256(before), keccak256("in use"));
        vm.assertEq(keccak256(new bytes(300)), keccak256(abi.encodePacked(new bytes(300))));
    }
}

contract MerkleTest is Test {
    /// @dev The plain twin of the assembly.
    function testFuzzClimb(bytes32 leaf, uint32 index, bytes32[] memory proof, bytes memory dirty)
        public
        view
    {
        bytes32 before = keccak256(dirty);
        bytes32 apex = leaf;
        uint256 position = index;
        for (uint256 i = 0; i < proof.length; ++i) {
            bytes memory pair =
                position % 2 == 0 ? bytes.concat(apex, proof[i]) : bytes.concat(proof[i], apex);
            apex = sha256(bytes.concat(sha256(bytes.concat(hex"01", pair))));
            position /= 2;
        }
        vm.assertEq(this.climb(leaf, index, proof), apex);
        vm.assertEq(keccak256(dirty), before);
    }

    /// @dev What lies in memory stays as it was.
    function climb(bytes32 leaf, uint32 index, bytes32[] calldata proof)
        external
        view
        returns (bytes32 apex)
    {
        bytes memory before = abi.encodePacked("in use");
        apex = Merkle.climb(leaf, index, proof);
        vm.assertEq(keccak256(before), keccak256("in use"));
        vm.assertEq(keccak256(new bytes(65)), keccak256(abi.encodePacked(new bytes(65))));
    }

    function testFuzzRoot(uint32 count, bytes32 apex) public view {
        vm.assertEq(
            Merkle.root(count, apex), sha256(bytes.concat(sha256(bytes.concat(hex"02", bytes4(count), apex))))
        );
    }

    function testDepth() public pure {
        vm.assertEq(Merkle.depth(1), 0);
        for (uint256 depth = 1; depth <= 31; ++depth) {
            vm.assertEq(Merkle.depth(uint32(2 ** depth)), depth);
            vm.assertEq(Merkle.depth(uint32(2 ** depth + 1)), depth + 1);
        }
        vm.assertEq(Merkle.depth(type(uint32).max), 32);
    }

    /// @dev Either hash fails, even with 32 bytes of reason, or answers with another length than a digest's.
    function testRefusesFailedHash() public {
        vm.mockCallRevert(address(2), _preimage(), new bytes(32));
        _refusesToClimb();
        _refusesToHash();
    }

    function testRefusesShortHash() public {
        vm.mockCall(address(2), _preimage(), new bytes(31));
        _refusesToHash();
    }

    function testRefusesFailedSecondHash() public {
        vm.mockCallRevert(address(2), bytes.concat(sha256(_preimage())), new bytes(32));
        _refusesToClimb();
        _refusesToHash();
    }

    function testRefusesLongSecondHash() public {
        vm.mockCall(address(2), bytes.concat(sha256(_preimage())), new bytes(33));
        _refusesToHash();
    }

    function digestOfPreimage() external view returns (bytes32) {
        return Sha256d.digest(_preimage());
    }

    function _preimage() private pure returns (bytes memory) {
        return bytes.concat(hex"01", bytes32(0), bytes32(0));
    }

    /// @dev A chain without the precompile answers with nothing: the root above the apex is refused there.
    function testRefusesRootWithoutThePrecompile() public {
        vm.mockCall(address(2), "", "");
        vm.expectRevert(abi.encodeWithSelector(Sha256d.HashFailed.selector));
        this.rootOf(0, 0, 4, new bytes32[](2));
    }

    function rootOf(bytes32 leaf, uint32 index, uint32 count, bytes32[] calldata proof)
        external
        view
        returns (bytes32)
    {
        return Merkle.rootOf(leaf, index, count, proof);
    }

    /// @dev In a proof of two levels also where the later level goes well.
    function _refusesToClimb() private {
        vm.expectRevert(abi.encodeWithSelector(Sha256d.HashFailed.selector));
        this.climb(0, 0, new bytes32[](2));
    }

    function _refusesToHash() private {
        vm.expectRevert(abi.encodeWithSelector(Sha256d.HashFailed.selector));
        this.digestOfPreimage();
    }
}

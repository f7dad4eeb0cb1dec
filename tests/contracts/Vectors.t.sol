// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {Header} from "../../contracts/libraries/Header.sol";
import {Merkle} from "../../contracts/libraries/Merkle.sol";
import {Sha256d} from "../../contracts/libraries/Sha256d.sol";
import {PartyType} from "../../contracts/types/PartyType.sol";
import {Tree} from "./support/Tree.sol";
import {Vectors} from "./support/Vectors.sol";

/// @notice Values published elsewhere.
contract KnownHashesTest is Vectors {
    function testSha256d() public {
        _open("known_hashes.json", "sha256d");
        for (uint256 i = _count(); i > 0; --i) {
            vm.assertEq(
                Sha256d.digest(_bytes(i - 1, "message")), _bytes32(i - 1, "digest"), _string(i - 1, "name")
            );
        }
    }

    function testSha256() public {
        _open("known_hashes.json", "sha256");
        for (uint256 i = _count(); i > 0; --i) {
            bytes memory once = abi.encodePacked(_bytes32(i - 1, "digest"));
            vm.assertEq(Sha256d.digest(_bytes(i - 1, "message")), sha256(once), _string(i - 1, "name"));
        }
    }
}

contract LeafVectorsTest is Vectors {
    function testLeafHashes() public {
        _open("leaves.json", "cases");
        for (uint256 i = _count(); i > 0; --i) {
            if (!_is(i - 1, "error", "")) continue;
            vm.assertEq(
                Sha256d.digest(_bytes(i - 1, "preimage")), _bytes32(i - 1, "hash"), _string(i - 1, "kind")
            );
        }
    }
}

contract MerkleVectorsTest is Vectors {
    function testProofs() public {
        _open("merkle.json", "cases");
        for (uint256 i = _count(); i > 0; --i) {
            _checkProof(i - 1);
            if (_bool(i - 1, "valid")) {
                vm.assertEq(
                    Tree.root(_list32(i - 1, "leaves")), _bytes32(i - 1, "root"), _string(i - 1, "name")
                );
            }
        }
    }

    function rootOf(bytes32 leaf, uint32 index, uint32 count, bytes32[] calldata proof)
        external
        view
        returns (bytes32)
    {
        return Merkle.rootOf(leaf, index, count, proof);
    }

    function _checkProof(uint256 i) private view {
        bytes32[] memory proof = _list32(i, "proof");
        uint32 index = _uint32(i, "index");
        uint32 count = _uint32(i, "count");
        try this.rootOf(_bytes32(i, "leaf"), index, count, proof) returns (bytes32 root) {
            vm.assertTrue(_is(i, "error", ""), _string(i, "name"));
            vm.assertTrue((root == _bytes32(i, "root")) == _bool(i, "valid"), _string(i, "name"));
        } catch (bytes memory reason) {
            bytes memory wanted = _is(i, "error", "ProofDepth")
                ? abi.encodeWithSelector(IBema.ProofDepth.selector, proof.length, _ceilLog2(count))
                : abi.encodeWithSelector(IBema.IndexOutOfRange.selector, index, count);
            vm.assertFalse(_is(i, "error", ""));
            vm.assertEq(keccak256(reason), keccak256(wanted), _string(i, "name"));
        }
    }

    function _ceilLog2(uint256 count) private pure returns (uint256 bits) {
        for (uint256 rest = count - 1; rest != 0; rest /= 2) {
            ++bits;
        }
    }
}

contract HeaderVectorsTest is Vectors {
    using Header for bytes;

    function testHeaders() public {
        _open("header.json", "cases");
        for (uint256 i = _count(); i > 0; --i) {
            if (_is(i - 1, "error", "HeaderLength")) _checkRefused(i - 1);
            else _checkHeader(i - 1);
        }
    }

    function read(bytes calldata header)
        external
        view
        returns (bytes32 blockHash, bytes32 parent, bytes32 root, bytes32 minerInfo, uint64 timestamp)
    {
        return (header.hash(), header.parent(), header.merkleRoot(), header.minerInfo(), header.timestamp());
    }

    function _checkHeader(uint256 i) private view {
        string memory name = _string(i, "name");
        (bytes32 blockHash, bytes32 parent, bytes32 root, bytes32 minerInfo, uint64 timestamp) =
            this.read(_bytes(i, "header"));
        vm.assertEq(blockHash, _bytes32(i, "hash"), name);
        vm.assertEq(parent, _bytes32(i, "parent"), name);
        vm.assertEq(root, _bytes32(i, "merkle_root"), name);
        vm.assertEq(minerInfo, _bytes32(i, "miner_info"), name);
        vm.assertEq(bytes32(bytes8(timestamp)), bytes32(bytes8(_bytes(i, "timestamp"))), name);
        vm.assertTrue((blockHash < _bytes32(i, "target")) == _bool(i, "valid"), name);
        _checkPreimages(i, name);
    }

    function _checkPreimages(uint256 i, string memory name) private view {
        address miner = address(bytes20(_bytes(i, "miner")));
        address bema = address(bytes20(_bytes(i, "contract")));
        uint256 chainId = uint256(_bytes32(i, "chain_id"));
        vm.assertEq(
            Header.minerInfoHash(miner, PartyType(_uint32(i, "party_type"))), _bytes32(i, "miner_info"), name
        );
        vm.assertEq(Header.genesisHash(chainId, bema, _bytes32(i, "rules")), _bytes32(i, "genesis"), name);
    }

    function _checkRefused(uint256 i) private {
        bytes memory header = _bytes(i, "header");
        vm.expectRevert(abi.encodeWithSelector(IBema.HeaderLength.selector, header.length, 112));
        this.read(header);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../../contracts/interfaces/IBema.sol";
import {BlockStatus} from "../../../contracts/types/BlockStatus.sol";
import {PartyType} from "../../../contracts/types/PartyType.sol";
import {Fixture} from "./Fixture.sol";
import {Tree} from "./Tree.sol";

/// @notice Grows chains of real blocks: leaves as bytes, roots, work, votes.
abstract contract Chain is Fixture {
    bytes32 internal constant REASON = keccak256("reason");
    bytes32 internal constant CONTENT = keccak256("content");
    uint256 internal constant CURVE_ORDER =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function setUp() public virtual override {
        super.setUp();
        _closeGenesis();
    }

    function _recordLeaf(bytes32 rules, address miner, uint8 partyType, uint256 height)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(
            uint8(0),
            uint8(1),
            rules,
            miner,
            partyType,
            uint32(height),
            uint32(1),
            ROOT,
            bytes32(0),
            uint96(0)
        );
    }

    /// @dev The record of the next block as founder 1 mines it.
    function _goodRecord() internal view returns (bytes memory) {
        (, uint32 height,) = bema.tip();
        return _recordLeaf(RULES, founders[0], 2, height + 1);
    }

    function _sampleLeaf(uint256 id, uint32 owner, bytes32 commitment) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), uint8(2), id, owner, commitment, uint32(3), uint8(1), uint8(2));
    }

    function _updateLeaf(uint32 party) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), uint8(3), party, CARD, ROOT);
    }

    function _rewardLeaf(address account, uint256 cumulative) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), uint8(4), account, cumulative);
    }

    function _leafHashes(bytes[] memory leaves) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            hashes[i] = _sha256d(leaves[i]);
        }
    }

    function _proofOf(bytes[] memory leaves, uint256 index) internal pure returns (IBema.LeafProof memory) {
        return IBema.LeafProof({
            index: uint32(index), preimage: leaves[index], siblings: Tree.proof(_leafHashes(leaves), index)
        });
    }

    /// @dev A block of founder 1 with these leaves.
    function _growWith(bytes[] memory leaves) internal returns (bytes memory header) {
        header = _mine(Tree.root(_leafHashes(leaves)), founders[0], PartyType.OriginalParty, true);
        _send(founders[0], header, uint32(leaves.length));
    }

    /// @dev `count` blocks, `spacing` seconds apart.
    function _growChain(uint256 count, uint256 spacing) internal returns (bytes[] memory headers) {
        headers = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            vm.warp(block.timestamp + spacing);
            headers[i] = _submit(keccak256(abi.encode("grown", block.timestamp, i)));
        }
    }

    function _votes(bytes32 digest, uint256 count) internal view returns (bytes memory) {
        return _joined(_signatures(digest, count));
    }

    /// @dev Of the first `count` founders, who are in the order of their addresses.
    function _signatures(bytes32 digest, uint256 count) internal view returns (bytes[] memory signatures) {
        signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            signatures[i] = _sign(keys[i], digest);
        }
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _reject(bytes memory header) internal {
        bema.rejectByVote(header, REASON, _votes(bema.rejectionDigest(_sha256d(header), REASON), 2));
    }

    function _suspend(address account) internal {
        bytes32 digest = bema.suspensionDigest(account, REASON, uint64(block.timestamp));
        bema.suspendParty(account, REASON, uint64(block.timestamp), _votes(digest, 2));
    }

    function _statusOf(bytes memory header) internal view returns (BlockStatus status) {
        (status,,,) = bema.blockOf(_sha256d(header));
    }

    function _assertStatus(bytes memory header, BlockStatus status) internal view {
        vm.assertEq(uint256(_statusOf(header)), uint256(status));
    }

    /// @dev Closes the challenge window of every block so far.
    function _finalise() internal {
        vm.warp(block.timestamp + WINDOW + 1);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {BlockStatus} from "../../contracts/types/BlockStatus.sol";
import {Fraud} from "../../contracts/types/Fraud.sol";
import {PartyType} from "../../contracts/types/PartyType.sol";
import {Chain} from "./support/Chain.sol";

contract RejectionsTest is Chain {
    bytes[] private headers;

    function testRejectsTheTipWithVotesOnRecord() public {
        headers = _growChain(2, 30);
        bytes32 rejected = _sha256d(headers[1]);
        bytes memory votes = _votes(bema.rejectionDigest(rejected, REASON), 2);
        vm.expectEmit(address(bema));
        emit IBema.PoolFunded(founders[0], BOND, BOND);
        vm.expectEmit(address(bema));
        emit IBema.BlockRejected(2, rejected, _sha256d(headers[0]), Fraud.None, REASON, votes);
        bema.rejectByVote(headers[1], REASON, votes);

        _assertTip(headers[0], 1, GENESIS_TIME + 30);
        _assertBlock(headers[1], BlockStatus.Orphaned, 2, GENESIS_TIME + 60, address(0));
        _assertBlock(headers[0], BlockStatus.Pending, 1, GENESIS_TIME + 30, founders[0]);
        (uint256 funded, uint256 claimed,) = bema.pool();
        vm.assertEq(funded, BOND);
        vm.assertEq(claimed, 0);
    }

    function testRejectsTheFirstBlock() public {
        headers = _growChain(1, 30);
        _reject(headers[0]);
        (bytes32 tip, uint32 height, uint64 submittedAt) = bema.tip();
        vm.assertEq(tip, bema.genesisHash());
        vm.assertEq(height, 0);
        vm.assertEq(submittedAt, GENESIS_TIME);
    }

    function testRejectionOrphansAllDescendantsAtOnce() public {
        headers = _growChain(20, 30);
        _reject(headers[4]);
        _assertTip(headers[3], 4, GENESIS_TIME + 120);
        for (uint256 i = 0; i < 20; ++i) {
            _assertStatus(headers[i], i < 4 ? BlockStatus.Pending : BlockStatus.Orphaned);
        }
        _submit("next");
        (, uint32 height,) = bema.tip();
        vm.assertEq(height, 5);
        _assertStatus(headers[4], BlockStatus.Orphaned);
    }

    function testRejectionsAtEveryDepthInTurn() public {
        for (uint256 round = 0; round < 5; ++round) {
            headers = _growChain(6 - round, 1);
            bytes[] memory grown = headers;
            _reject(headers[1]);
            _assertStatus(grown[0], BlockStatus.Pending);
            _assertStatus(grown[1], BlockStatus.Orphaned);
        }
        (, uint32 height,) = bema.tip();
        vm.assertEq(height, 5);
    }

    /// @dev Also when its parent is the tip once more: a rejected block cannot come back, another one can.
    function testRefusesRejectedAndOrphanedBlocksAgain() public {
        headers = _growChain(2, 30);
        _reject(headers[0]);
        for (uint256 i = 0; i < 2; ++i) {
            vm.deal(founders[0], BOND);
            vm.expectRevert(abi.encodeWithSelector(IBema.BlockAlreadyAccepted.selector, _sha256d(headers[i])));
            vm.prank(founders[0]);
            bema.submitBlock{value: BOND}(headers[i], BODY, 1);
        }
        _submit("corrected root");
        (, uint32 height,) = bema.tip();
        vm.assertEq(height, 1);
    }

    function testRefusesUnknownBlock() public {
        headers.push(_header(ROOT, founders[0], PartyType.OriginalParty, 0));
        _refuses(headers[0], abi.encodeWithSelector(IBema.BlockUnknown.selector, _sha256d(headers[0])));
    }

    function testRefusesOrphanedBlock() public {
        headers = _growChain(2, 30);
        _reject(headers[0]);
        for (uint256 i = 0; i < 2; ++i) {
            _refuses(headers[i], abi.encodeWithSelector(IBema.BlockOrphaned.selector, _sha256d(headers[i])));
        }
    }

    function testWindowsLastSecond() public {
        headers = _growChain(1, 30);
        vm.warp(GENESIS_TIME + 30 + WINDOW + 1);
        _refuses(
            headers[0],
            abi.encodeWithSelector(
                IBema.ChallengeWindowClosed.selector, block.timestamp, GENESIS_TIME + 30 + WINDOW
            )
        );
        _assertStatus(headers[0], BlockStatus.Final);
        vm.warp(GENESIS_TIME + 30 + WINDOW);
        _assertStatus(headers[0], BlockStatus.Pending);
        _reject(headers[0]);
        _assertStatus(headers[0], BlockStatus.Orphaned);
    }

    function testRefusesZeroReason() public {
        headers = _growChain(1, 30);
        bytes memory votes = _votes(bema.rejectionDigest(_sha256d(headers[0]), 0), 2);
        vm.expectRevert(abi.encodeWithSelector(IBema.ZeroReason.selector));
        bema.rejectByVote(headers[0], 0, votes);
    }

    function testRefusesTooFewVotes() public {
        headers = _growChain(1, 30);
        bytes memory votes = _votes(bema.rejectionDigest(_sha256d(headers[0]), REASON), 1);
        vm.expectRevert(abi.encodeWithSelector(IBema.TooFewSignatures.selector, 1, 2));
        bema.rejectByVote(headers[0], REASON, votes);
    }

    function testRefusesVotesAgainstAnotherBlock() public {
        headers = _growChain(2, 30);
        bytes memory votes = _votes(bema.rejectionDigest(_sha256d(headers[0]), REASON), 2);
        vm.assertFalse(_tryToReject(headers[1], REASON, votes));
        vm.assertTrue(_tryToReject(headers[0], REASON, votes));
    }

    /// @dev One flipped bit in header, reason or signatures and the block stays; untouched, it goes.
    function testFuzzFlippedVote(uint256 bit) public {
        headers = _growChain(1, 30);
        bytes memory votes = _votes(bema.rejectionDigest(_sha256d(headers[0]), REASON), 2);
        bit = bound(bit, 0, 896 + 256 + 1_040 - 1);
        bytes memory header = headers[0];
        bytes32 reason = REASON;
        bytes1 flip = bytes1(uint8(1 << (bit % 8)));
        uint256 place = bit / 8;
        if (bit < 896) header[place] ^= flip;
        else if (bit < 1_152) reason ^= bytes32(1 << (bit - 896));
        else votes[place - 144] ^= flip;
        vm.assertFalse(_tryToReject(header, reason, votes));
        if (bit >= 1_152) votes[place - 144] ^= flip;
        vm.assertTrue(_tryToReject(headers[0], REASON, votes));
    }

    function testFinalBlocksBondComesBackOnce() public {
        headers = _growChain(1, 30);
        bytes32 blockHash = _sha256d(headers[0]);
        _finalise();
        vm.expectEmit(address(bema));
        emit IBema.BondReturned(blockHash, founders[0], STRANGER, BOND);
        _withdrawBond(headers[0]);
        vm.assertEq(STRANGER.balance, BOND);
        vm.assertEq(address(bema).balance, 0);
        _assertBlock(headers[0], BlockStatus.Final, 1, GENESIS_TIME + 30, address(0));
        _refusesBond(headers[0], founders[0], STRANGER, _notOwner(founders[0], address(0)));
    }

    function testOrphanedDescendantsBondsComeBackAtOnce() public {
        headers = _growChain(4, 30);
        _reject(headers[1]);
        _withdrawBond(headers[2]);
        _withdrawBond(headers[3]);
        vm.assertEq(STRANGER.balance, 2 * uint256(BOND));
        _refusesBond(headers[1], founders[0], STRANGER, _notOwner(founders[0], address(0)));
        _assertStatus(headers[2], BlockStatus.Orphaned);
    }

    function testRefusesBondInsideTheWindow() public {
        headers = _growChain(1, 30);
        vm.warp(GENESIS_TIME + 30 + WINDOW);
        _refusesBond(
            headers[0],
            founders[0],
            STRANGER,
            abi.encodeWithSelector(IBema.ChallengeWindowOpen.selector, block.timestamp, block.timestamp)
        );
    }

    function testRefusesSomebodyElsesBond() public {
        headers = _growChain(1, 30);
        _finalise();
        _refusesBond(headers[0], STRANGER, STRANGER, _notOwner(STRANGER, founders[0]));
    }

    function testRefusesBondOfUnknownAndGenesisBlock() public {
        bytes32 genesis = bema.genesisHash();
        vm.expectRevert(_notOwner(STRANGER, address(0)));
        _withdrawBond(genesis, STRANGER, STRANGER);
        vm.expectRevert(_notOwner(STRANGER, address(0)));
        _withdrawBond(ROOT, STRANGER, STRANGER);
    }

    function testRefusesBondToARecipientThatRefuses() public {
        headers = _growChain(1, 30);
        _finalise();
        _refusesBond(
            headers[0],
            founders[0],
            address(bema),
            abi.encodeWithSelector(IBema.PaymentFailed.selector, address(bema), BOND)
        );
        _withdrawBond(headers[0]);
    }

    function testStatusOfGenesisAndUnknownBlocks() public view {
        (BlockStatus status, uint32 height, uint64 submittedAt, address owner) =
            bema.blockOf(bema.genesisHash());
        vm.assertEq(uint256(status), uint256(BlockStatus.Pending));
        vm.assertEq(height, 0);
        vm.assertEq(submittedAt, GENESIS_TIME);
        vm.assertEq(owner, address(0));
        (status,,,) = bema.blockOf(ROOT);
        vm.assertEq(uint256(status), uint256(BlockStatus.Unknown));
    }

    /// @dev A false block hides nothing: proofs of an orphaned block are refused by name.
    function testRefusesInclusionInOrphanedBlock() public {
        headers = _growChain(1, 30);
        _reject(headers[0]);
        vm.expectRevert(abi.encodeWithSelector(IBema.BlockOrphaned.selector, _sha256d(headers[0])));
        bema.verifyInclusion(headers[0], ROOT, 0, 1, new bytes32[](0));
    }

    /// @dev Rejecting any block leaves the state as it was right after its parent, the target included.
    function testFuzzRollbackRestores(uint256 length, uint256 depth, uint256 spacing) public {
        length = bound(length, 1, 20);
        depth = bound(depth, 1, length);
        spacing = bound(spacing, 1, 90);
        _growChain(length - depth, spacing);
        (bytes32 tip, uint32 height, uint64 submittedAt) = bema.tip();
        uint256 target = bema.targetAt(submittedAt);
        headers = _growChain(depth, spacing);
        _reject(headers[0]);
        (bytes32 gotTip, uint32 gotHeight, uint64 gotTime) = bema.tip();
        vm.assertEq(gotTip, tip);
        vm.assertEq(gotHeight, height);
        vm.assertEq(gotTime, submittedAt);
        vm.assertEq(bema.targetAt(submittedAt), target);
    }

    function _tryToReject(bytes memory header, bytes32 reason, bytes memory votes) private returns (bool) {
        try bema.rejectByVote(header, reason, votes) {
            return true;
        } catch {
            return false;
        }
    }

    function _refuses(bytes memory header, bytes memory reason) private {
        bytes memory votes = _votes(bema.rejectionDigest(_sha256d(header), REASON), 2);
        vm.expectRevert(reason);
        bema.rejectByVote(header, REASON, votes);
    }

    function _withdrawBond(bytes memory header) private {
        _withdrawBond(_sha256d(header), founders[0], STRANGER);
    }

    function _withdrawBond(bytes32 blockHash, address owner, address to) private {
        vm.prank(owner);
        bema.withdrawBond(blockHash, to);
    }

    function _refusesBond(bytes memory header, address owner, address to, bytes memory reason) private {
        bytes32 blockHash = _sha256d(header);
        vm.expectRevert(reason);
        _withdrawBond(blockHash, owner, to);
    }

    function _notOwner(address account, address owner) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBema.NotBondOwner.selector, account, owner);
    }

    function _assertTip(bytes memory header, uint256 height, uint256 time) private view {
        (bytes32 tip, uint32 gotHeight, uint64 submittedAt) = bema.tip();
        vm.assertEq(tip, _sha256d(header));
        vm.assertEq(gotHeight, height);
        vm.assertEq(submittedAt, time);
    }

    function _assertBlock(
        bytes memory header,
        BlockStatus status,
        uint256 height,
        uint256 time,
        address owner
    ) private view {
        (BlockStatus gotStatus, uint32 gotHeight, uint64 gotTime, address gotOwner) =
            bema.blockOf(_sha256d(header));
        vm.assertEq(uint256(gotStatus), uint256(status));
        vm.assertEq(gotHeight, height);
        vm.assertEq(gotTime, time);
        vm.assertEq(gotOwner, owner);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {PartyType} from "../../contracts/types/PartyType.sol";
import {Chain} from "./support/Chain.sol";

contract SuspensionsTest is Chain {
    bytes[] private signatures;

    function setUp() public override {
        super.setUp();
        _join();
        _setVotes(JOINER, 2);
    }

    function testSuspendsWithVotesOnRecord() public {
        vm.expectEmit(address(bema));
        emit IBema.PartySuspended(4, JOINER, REASON, GENESIS_TIME, _joined(signatures));
        _send();
        _assertStanding(JOINER, PartyType.RegularParty, GENESIS_TIME);
        _assertStanding(founders[0], PartyType.OriginalParty, 0);
        _assertStanding(STRANGER, PartyType.Neither, 0);
        vm.assertEq(bema.partyOf(JOINER), 4);
    }

    function testMoreVotesThanNeeded() public {
        _setVotes(JOINER, 3);
        _send();
        _assertStanding(JOINER, PartyType.RegularParty, GENESIS_TIME);
    }

    function testRefusesCommitmentOfSuspendedParty() public {
        _send();
        vm.expectRevert(abi.encodeWithSelector(IBema.Suspended.selector, JOINER, GENESIS_TIME));
        vm.prank(JOINER);
        bema.commitBatch(ROOT);
    }

    function testRefusesRevealOfSuspendedParty() public {
        bytes32 commitment = bema.batchCommitment(4, ROOT, CONTENT, 0);
        vm.prank(JOINER);
        bema.commitBatch(commitment);
        vm.roll(GENESIS_BLOCK + 1);
        uint256 before = vm.snapshotState();
        _send();
        vm.expectRevert(abi.encodeWithSelector(IBema.Suspended.selector, JOINER, GENESIS_TIME));
        vm.prank(JOINER);
        bema.revealBatch(ROOT, CONTENT, 0);
        // Its twin without the suspension passes.
        vm.revertToState(before);
        vm.prank(JOINER);
        bema.revealBatch(ROOT, CONTENT, 0);
    }

    function testRefusesApprovalOfSuspendedFounder() public {
        _suspend(founders[2]);
        Candidate memory candidate = _candidate();
        candidate.account = STRANGER;
        Approval[] memory approvals = _goodApprovals(candidate);
        approvals[0] = _approve(candidate, 0, 1, 8, GENESIS_TIME);
        approvals[1] = _approve(candidate, 2, 1, 8, GENESIS_TIME);
        vm.expectRevert(abi.encodeWithSelector(IBema.Suspended.selector, founders[2], GENESIS_TIME));
        _register(candidate, approvals);
    }

    function testRefusesVoteOfSuspendedFounder() public {
        _suspend(founders[1]);
        _refuses(abi.encodeWithSelector(IBema.Suspended.selector, founders[1], GENESIS_TIME));
        bytes32 digest = bema.suspensionDigest(JOINER, REASON, uint64(GENESIS_TIME));
        signatures[1] = _sign(keys[2], digest);
        _send();
    }

    /// @dev Otherwise two founders could leave a chain in which nothing can be rejected any more.
    function testRefusesToSuspendFoundersBelowAQuorum() public {
        _suspend(founders[2]);
        bytes memory votes = _votes(bema.suspensionDigest(founders[0], REASON, uint64(GENESIS_TIME)), 2);
        vm.expectRevert(abi.encodeWithSelector(IBema.QuorumUnreachable.selector, 1, 2));
        bema.suspendParty(founders[0], REASON, uint64(GENESIS_TIME), votes);
        _send();
    }

    /// @dev Down to the quorum and no further, however many founders there are above it.
    function testSuspendsFoundersWhileAQuorumRemains() public {
        IBema.Parameters memory given = _parameters();
        given.quorum = 1;
        bema = _deploy(given, _founderList());
        _closeGenesis();
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory vote =
                _sign(keys[i], bema.suspensionDigest(founders[i], REASON, uint64(GENESIS_TIME)));
            if (i == 2) vm.expectRevert(abi.encodeWithSelector(IBema.QuorumUnreachable.selector, 0, 1));
            bema.suspendParty(founders[i], REASON, uint64(GENESIS_TIME), vote);
        }
    }

    function testRefusesInGenesis() public {
        _openGenesis();
        _refuses(abi.encodeWithSelector(IBema.GenesisStillOpen.selector, 0, 3));
    }

    function testRefusesZeroReason() public {
        vm.expectRevert(abi.encodeWithSelector(IBema.ZeroReason.selector));
        bema.suspendParty(JOINER, 0, uint64(GENESIS_TIME), _joined(signatures));
    }

    function testDeadlineIsTheLastSecond() public {
        uint256 before = vm.snapshotState();
        _send();
        vm.revertToState(before);
        vm.warp(GENESIS_TIME + 1);
        _refuses(abi.encodeWithSelector(IBema.SignaturesExpired.selector, GENESIS_TIME, GENESIS_TIME + 1));
    }

    function testAcceptsSignaturesBeforeTheirDeadline() public {
        bytes memory votes = _votes(bema.suspensionDigest(JOINER, REASON, uint64(GENESIS_TIME + 1)), 2);
        bema.suspendParty(JOINER, REASON, uint64(GENESIS_TIME + 1), votes);
        _assertStanding(JOINER, PartyType.RegularParty, GENESIS_TIME);
    }

    function testRefusesTooFewSignatures() public {
        signatures.pop();
        _refuses(abi.encodeWithSelector(IBema.TooFewSignatures.selector, 1, 2));
        signatures.pop();
        _refuses(abi.encodeWithSelector(IBema.TooFewSignatures.selector, 0, 2));
    }

    function testRefusesSignersOutOfOrder() public {
        bytes memory first = signatures[0];
        signatures[0] = signatures[1];
        signatures[1] = first;
        _refuses(abi.encodeWithSelector(IBema.SignersNotAscending.selector, founders[1], founders[0]));
    }

    function testRefusesOneVoteTwice() public {
        signatures[1] = signatures[0];
        _refuses(abi.encodeWithSelector(IBema.SignersNotAscending.selector, founders[0], founders[0]));
    }

    function testRefusesStrangersVote() public {
        signatures[0] = _sign(0xe71, bema.suspensionDigest(JOINER, REASON, uint64(GENESIS_TIME)));
        _refuses(abi.encodeWithSelector(IBema.SignerNotOriginalParty.selector, vm.addr(0xe71)));
    }

    function testRefusesMalformedSignatures() public {
        signatures[1].pop();
        _refuses(abi.encodeWithSelector(IBema.RecordCutShort.selector, 129, 65));
        signatures[1].push(0x1d);
        _refuses(abi.encodeWithSelector(IBema.InvalidSignature.selector, 1));
        signatures[1].push(0x1d);
        _refuses(abi.encodeWithSelector(IBema.RecordCutShort.selector, 131, 65));
        signatures[0] = new bytes(65);
        signatures[1].pop();
        _refuses(abi.encodeWithSelector(IBema.InvalidSignature.selector, 0));
    }

    function testRefusesHighS() public {
        bytes32 digest = bema.suspensionDigest(JOINER, REASON, uint64(GENESIS_TIME));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], digest);
        signatures[0] = abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? 28 : 27);
        _refuses(abi.encodeWithSelector(IBema.InvalidSignature.selector, 0));
    }

    function testRefusesUnregisteredAccount() public {
        _setVotes(STRANGER, 2);
        vm.expectRevert(abi.encodeWithSelector(IBema.NotRegistered.selector, STRANGER));
        bema.suspendParty(STRANGER, REASON, uint64(GENESIS_TIME), _joined(signatures));
    }

    function testRefusesSuspensionTwice() public {
        _send();
        _refuses(abi.encodeWithSelector(IBema.Suspended.selector, JOINER, GENESIS_TIME));
    }

    /// @dev One flipped bit in what was signed, or in a signature, and no quorum is left.
    function testFuzzFlippedVote(uint256 bit) public {
        bit = bound(bit, 0, 160 + 256 + 64 + 520 - 1);
        address account = JOINER;
        bytes32 reason = REASON;
        uint64 deadline = uint64(GENESIS_TIME);
        if (bit < 160) account = address(uint160(JOINER) ^ uint160(1 << bit));
        else if (bit < 416) reason ^= bytes32(1 << (bit - 160));
        else if (bit < 480) deadline ^= uint64(1 << (bit - 416));
        else signatures[1][(bit - 480) / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.assertFalse(_tryToSuspend(account, reason, deadline));
        if (bit >= 480) signatures[1][(bit - 480) / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.assertTrue(_tryToSuspend(JOINER, REASON, uint64(GENESIS_TIME)));
    }

    function _tryToSuspend(address account, bytes32 reason, uint64 deadline) private returns (bool) {
        try bema.suspendParty(account, reason, deadline, _joined(signatures)) {
            return true;
        } catch {
            return false;
        }
    }

    function _setVotes(address account, uint256 count) private {
        signatures = _signatures(bema.suspensionDigest(account, REASON, uint64(GENESIS_TIME)), count);
    }

    function _send() private {
        bema.suspendParty(JOINER, REASON, uint64(GENESIS_TIME), _joined(signatures));
    }

    function _refuses(bytes memory reason) private {
        vm.expectRevert(reason);
        _send();
    }

    function _assertStanding(address account, PartyType kind, uint256 time) private view {
        (PartyType gotKind, uint64 suspendedAt) = bema.standingOf(account);
        vm.assertEq(uint256(gotKind), uint256(kind));
        vm.assertEq(suspendedAt, time);
    }
}

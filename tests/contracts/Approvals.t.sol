// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {Fixture} from "./support/Fixture.sol";

contract ApprovalsTest is Fixture {
    uint256 private constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    Candidate private candidate;
    Approval[] private approvals;

    function setUp() public override {
        super.setUp();
        _closeGenesis();
        candidate = _candidate();
        Approval[] memory good = _goodApprovals(candidate);
        approvals.push(good[0]);
        approvals.push(good[1]);
    }

    function testRegistersWithApprovalsOnRecord() public {
        vm.expectEmit(address(bema));
        emit IBema.RegularPartyRegistered(4, JOINER, CARD, 1, 3, _packed(approvals));
        vm.assertEq(_register(candidate, approvals), 4);
        vm.assertEq(bema.partyOf(JOINER), 4);
        vm.assertEq(bema.partyCount(), 4);
    }

    function testApprovalsOfThreeFoundersCoverEveryClass() public {
        candidate.heldClasses = ALL;
        candidate.labelSpace = ALL;
        _setApprovals([HELD_1, HELD_2, HELD_3]);
        vm.assertEq(_register(candidate, approvals), 4);
    }

    function testRefusesInGenesis() public {
        super.setUp();
        _refuses(abi.encodeWithSelector(IBema.GenesisStillOpen.selector, 0, 3));
    }

    function testRefusesPartyRegisteredTwice() public {
        _register(candidate, approvals);
        _refuses(abi.encodeWithSelector(IBema.AlreadyRegistered.selector, JOINER, uint32(4)));
    }

    function testRefusesFounderAsRegularParty() public {
        candidate.account = founders[1];
        _refuses(abi.encodeWithSelector(IBema.AlreadyRegistered.selector, founders[1], uint32(2)));
    }

    function testRefusesZeroModelCard() public {
        candidate.modelCard = 0;
        _refuses(abi.encodeWithSelector(IBema.ZeroModelCard.selector));
    }

    function testRefusesNoHeldClasses() public {
        candidate.heldClasses = 0;
        _refuses(abi.encodeWithSelector(IBema.HeldClassesEmpty.selector));
    }

    function testRefusesHeldClassOutOfRange() public {
        candidate.heldClasses = 17;
        _refuses(abi.encodeWithSelector(IBema.ClassOutOfRange.selector, 17, ALL));
    }

    function testRefusesLabelSpaceOutOfRange() public {
        candidate.labelSpace = 1 << 255 | 1;
        _refuses(abi.encodeWithSelector(IBema.ClassOutOfRange.selector, 1 << 255 | 1, ALL));
    }

    function testRefusesHeldClassesOutsideLabelSpace() public {
        candidate.labelSpace = 2;
        _refuses(abi.encodeWithSelector(IBema.HeldClassesOutsideLabelSpace.selector, 1, 2));
    }

    function testDeadlineIsTheLastSecond() public {
        vm.warp(GENESIS_TIME + 1);
        _refuses(
            abi.encodeWithSelector(
                IBema.ApprovalExpired.selector, founders[0], GENESIS_TIME, GENESIS_TIME + 1
            )
        );
    }

    function testAcceptsApprovalsBeforeTheirDeadline() public {
        approvals[0] = _approve(candidate, 0, 1, 7, GENESIS_TIME + 1);
        approvals[1] = _approve(candidate, 2, 1, 7, type(uint64).max);
        vm.assertEq(_register(candidate, approvals), 4);
    }

    function testRefusesUsedNonce() public {
        _register(candidate, approvals);
        candidate.account = STRANGER;
        approvals[0] = _approve(candidate, 0, 1, 8, GENESIS_TIME);
        approvals[1] = _approve(candidate, 2, 1, 7, GENESIS_TIME);
        _refuses(abi.encodeWithSelector(IBema.ApprovalNonceUsed.selector, founders[2], 7));
        approvals[1] = _approve(candidate, 2, 1, 0, GENESIS_TIME);
        vm.assertEq(_register(candidate, approvals), 5);
    }

    /// @dev Nonces of one place in different words do not use each other up.
    function testAcceptsNoncesOfEveryWord() public {
        _register(candidate, approvals);
        candidate.account = STRANGER;
        approvals[0] = _approve(candidate, 0, 1, 7 + 256, GENESIS_TIME);
        approvals[1] = _approve(candidate, 2, 1, 7 + 8 * 256, GENESIS_TIME);
        vm.assertEq(_register(candidate, approvals), 5);
    }

    function testRefusesRevokedApproval() public {
        vm.expectEmit(address(bema));
        emit IBema.ApprovalRevoked(founders[2], 7);
        vm.prank(founders[2]);
        bema.revokeApproval(7);
        _refuses(abi.encodeWithSelector(IBema.ApprovalNonceUsed.selector, founders[2], 7));
    }

    /// @dev Each of a word's nonces has a bit of its own.
    function testEveryNonceOfAWordCountsOnce() public {
        for (uint256 nonce = 0; nonce < 256; ++nonce) {
            vm.prank(founders[1]);
            bema.revokeApproval(nonce);
        }
        for (uint256 nonce = 0; nonce < 256; ++nonce) {
            vm.expectRevert(abi.encodeWithSelector(IBema.ApprovalNonceUsed.selector, founders[1], nonce));
            vm.prank(founders[1]);
            bema.revokeApproval(nonce);
        }
    }

    /// @dev Nonces beyond the first word of 256.
    function testRefusesLargeNonceTwice() public {
        uint256[3] memory nonces = [uint256(255), 256, type(uint256).max];
        for (uint256 i = 0; i < nonces.length; ++i) {
            vm.prank(founders[1]);
            bema.revokeApproval(nonces[i]);
            vm.expectRevert(abi.encodeWithSelector(IBema.ApprovalNonceUsed.selector, founders[1], nonces[i]));
            vm.prank(founders[1]);
            bema.revokeApproval(nonces[i]);
        }
    }

    function testRefusesToRevokeUsedNonce() public {
        _register(candidate, approvals);
        vm.expectRevert(abi.encodeWithSelector(IBema.ApprovalNonceUsed.selector, founders[0], 7));
        vm.prank(founders[0]);
        bema.revokeApproval(7);
    }

    function testRefusesRevocationByStranger() public {
        vm.expectRevert(abi.encodeWithSelector(IBema.NotOriginalParty.selector, STRANGER));
        vm.prank(STRANGER);
        bema.revokeApproval(7);
    }

    function testRefusesRevocationByRegularParty() public {
        _register(candidate, approvals);
        vm.expectRevert(abi.encodeWithSelector(IBema.NotOriginalParty.selector, JOINER));
        vm.prank(JOINER);
        bema.revokeApproval(7);
    }

    function testRefusesSignersOutOfOrder() public {
        Approval[] memory good = _goodApprovals(candidate);
        approvals[0] = good[1];
        approvals[1] = good[0];
        _refuses(abi.encodeWithSelector(IBema.SignersNotAscending.selector, founders[2], founders[0]));
    }

    function testRefusesOneSignerTwice() public {
        approvals[1] = _approve(candidate, 0, 1, 8, GENESIS_TIME);
        _refuses(abi.encodeWithSelector(IBema.SignersNotAscending.selector, founders[0], founders[0]));
    }

    function testRefusesStrangersSignature() public {
        approvals[0] = _approveWithKey(candidate, 0xe71, 1, 7, GENESIS_TIME);
        _refuses(abi.encodeWithSelector(IBema.SignerNotOriginalParty.selector, vm.addr(0xe71)));
    }

    function testRefusesRegularPartysSignature() public {
        candidate.account = vm.addr(0xe71);
        _register(candidate, _goodApprovals(candidate));
        candidate.account = JOINER;
        approvals[0] = _approveWithKey(candidate, 0xe71, 1, 7, GENESIS_TIME);
        _refuses(abi.encodeWithSelector(IBema.SignerNotOriginalParty.selector, vm.addr(0xe71)));
    }

    function testRefusesApprovalsCutShort() public {
        approvals[1].signature.pop();
        _refuses(abi.encodeWithSelector(IBema.RecordCutShort.selector, 273, 137));
        approvals[1].signature.push(0x1d);
        _refuses(abi.encodeWithSelector(IBema.InvalidSignature.selector, 1));
        approvals[1].signature.push(0x1d);
        _refuses(abi.encodeWithSelector(IBema.RecordCutShort.selector, 275, 137));
    }

    function testRefusesEmptySignature() public {
        approvals[0].signature = new bytes(65);
        _refuses(abi.encodeWithSelector(IBema.InvalidSignature.selector, 0));
    }

    /// @dev The last chain time that a record can hold.
    function testLatestDeadline() public {
        vm.warp(type(uint64).max);
        approvals[0] = _approve(candidate, 0, 1, 7, type(uint64).max);
        approvals[1] = _approve(candidate, 2, 1, 7, type(uint64).max);
        vm.assertEq(_register(candidate, approvals), 4);
    }

    /// @dev The twin (r, n - s) recovers the same signer on the precompile; accepting both would make two signatures of one.
    function testRefusesHighS() public {
        (bytes32 r, bytes32 s, uint8 v) = _parts(approvals[0].signature);
        bytes32 highS = bytes32(CURVE_ORDER - uint256(s));
        uint8 otherV = v == 27 ? 28 : 27;
        bytes32 digest = bema.approvalDigest(JOINER, CARD, 1, 3, 1, 7, uint64(GENESIS_TIME));
        vm.assertEq(ecrecover(digest, otherV, r, highS), founders[0]);
        approvals[0].signature = abi.encodePacked(r, highS, otherV);
        _refuses(abi.encodeWithSelector(IBema.InvalidSignature.selector, 0));
    }

    function testRefusesWrongRecoveryByte() public {
        approvals[0].signature[64] = 0x1d;
        _refuses(abi.encodeWithSelector(IBema.InvalidSignature.selector, 0));
    }

    function testRefusesVouchingOutsideHeldClasses() public {
        approvals[0] = _approve(candidate, 0, 9, 7, GENESIS_TIME);
        _refuses(abi.encodeWithSelector(IBema.VouchedOutsideHeldClasses.selector, founders[0], 9, HELD_1));
    }

    function testRefusesTooFewApprovals() public {
        approvals.pop();
        _refuses(abi.encodeWithSelector(IBema.TooFewApprovals.selector, 1, 2));
        approvals.pop();
        _refuses(abi.encodeWithSelector(IBema.TooFewApprovals.selector, 1, 2));
    }

    function testNamesTheClassesThatLackApprovals() public {
        candidate.heldClasses = ALL;
        candidate.labelSpace = ALL;
        // Class 2 has one approval, class 3 two, classes 0 and 1 two.
        _setApprovals([uint256(3), HELD_2, HELD_3]);
        _refuses(abi.encodeWithSelector(IBema.TooFewApprovals.selector, 4, 2));
    }

    function testRefusesApprovalForAnotherAccount() public {
        candidate.account = STRANGER;
        _refusesEveryTwin(_packed(approvals));
    }

    function testRefusesApprovalForAnotherModel() public {
        candidate.modelCard = keccak256("other");
        _refusesEveryTwin(_packed(approvals));
    }

    function testRefusesApprovalForOtherClasses() public {
        candidate.heldClasses = 2;
        _refusesEveryTwin(_packed(approvals));
    }

    function testRefusesApprovalForAnotherLabelSpace() public {
        candidate.labelSpace = 7;
        _refusesEveryTwin(_packed(approvals));
    }

    function testRefusesApprovalOfAnotherChain() public {
        vm.chainId(block.chainid + 1);
        _refusesEveryTwin(_packed(approvals));
    }

    /// @dev A flipped bit in an approval's fields or signature: refused; put back: accepted.
    function testFuzzFlippedApproval(uint256 bit) public {
        bytes memory packed = _packed(approvals);
        bit = bound(bit, 0, packed.length * 8 - 1);
        bytes1 flip = bytes1(uint8(1 << (bit % 8)));
        packed[bit / 8] ^= flip;
        _refusesEveryTwin(packed);
        packed[bit / 8] ^= flip;
        vm.assertEq(_register(candidate, packed), 4);
    }

    /// @dev For each class the number of vouching founders decides, whatever the masks.
    function testFuzzVouchedMasks(uint256[3] memory vouched, uint256 held) public {
        held = bound(held, 1, ALL);
        candidate.heldClasses = held;
        candidate.labelSpace = ALL;
        uint256[3] memory founderMasks = [HELD_1, HELD_2, HELD_3];
        for (uint256 i = 0; i < 3; ++i) {
            vouched[i] &= founderMasks[i];
        }
        _setApprovals(vouched);
        uint256 twice = vouched[0] & vouched[1] | vouched[0] & vouched[2] | vouched[1] & vouched[2];
        if (held & ~twice == 0) vm.assertEq(_register(candidate, approvals), 4);
        else _refuses(abi.encodeWithSelector(IBema.TooFewApprovals.selector, held & ~twice, 2));
    }

    function _setApprovals(uint256[3] memory vouched) private {
        delete approvals;
        for (uint256 i = 0; i < 3; ++i) {
            approvals.push(_approve(candidate, i, vouched[i], 7, GENESIS_TIME));
        }
    }

    function _refuses(bytes memory reason) private {
        vm.expectRevert(reason);
        _register(candidate, approvals);
    }

    /// @dev A changed message recovers an unknown signer, or none: which of the reasons comes first is chance.
    function _refusesEveryTwin(bytes memory packed) private {
        vm.prank(candidate.account);
        try bema.registerRegularParty(
            candidate.modelCard, candidate.heldClasses, candidate.labelSpace, packed
        ) {
            vm.assertTrue(false, "accepted");
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            vm.assertTrue(
                selector == IBema.SignerNotOriginalParty.selector
                    || selector == IBema.InvalidSignature.selector
                    || selector == IBema.SignersNotAscending.selector,
                "other reason"
            );
        }
    }

    function _parts(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        (r, s) = abi.decode(signature, (bytes32, bytes32));
        v = uint8(signature[64]);
    }
}

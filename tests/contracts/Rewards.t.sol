// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IBema} from "../../contracts/interfaces/IBema.sol";
import {Chain} from "./support/Chain.sol";
import {Tree} from "./support/Tree.sol";

contract RewardsTest is Chain {
    struct Claim {
        bytes header;
        uint32 leafCount;
        uint32 index;
        uint256 cumulative;
        bytes32[] siblings;
    }

    function setUp() public override {
        super.setUp();
        _join();
        _fund(10 ether);
    }

    function testFunding() public {
        vm.deal(STRANGER, 3 ether);
        vm.expectEmit(address(bema));
        emit IBema.PoolFunded(STRANGER, 3 ether, 13 ether);
        vm.prank(STRANGER);
        bema.fund{value: 3 ether}();
        _assertPool(13 ether, 0, 0);
        vm.assertEq(address(bema).balance, 13 ether);
    }

    function testRefusesNoFunding() public {
        vm.expectRevert(abi.encodeWithSelector(IBema.ZeroAmount.selector));
        bema.fund();
    }

    function testRefusesFundingBeyondItsField() public {
        uint256 most = type(uint96).max;
        vm.deal(STRANGER, most);
        vm.expectRevert(abi.encodeWithSelector(IBema.FundingOutOfRange.selector, most + 1, most));
        vm.prank(STRANGER);
        bema.fund{value: most - 10 ether + 1}();
        vm.prank(STRANGER);
        bema.fund{value: most - 10 ether}();
        _assertPool(most, 0, 0);
    }

    function testRefusesPlainPayments() public {
        vm.deal(STRANGER, 1 ether);
        vm.prank(STRANGER);
        (bool accepted,) = address(bema).call{value: 1}("");
        vm.assertFalse(accepted);
    }

    function testClaimsThenWithdraws() public {
        Claim memory claim = _grow(JOINER, 0.75 ether);
        _finalise();
        vm.expectEmit(address(bema));
        emit IBema.RewardClaimed(JOINER, _sha256d(claim.header), 0.75 ether, 0.75 ether);
        _claim(JOINER, claim);
        _assertPool(10 ether, 0.75 ether, 1);
        _assertRewards(JOINER, 0.75 ether, 0);

        vm.expectEmit(address(bema));
        emit IBema.RewardWithdrawn(JOINER, STRANGER, 0.75 ether);
        vm.prank(JOINER);
        bema.withdraw(STRANGER);
        vm.assertEq(STRANGER.balance, 0.75 ether);
        _assertRewards(JOINER, 0.75 ether, 0.75 ether);
        vm.assertEq(address(bema).balance, 10 ether - 0.75 ether + BOND);
    }

    function testFundingKeepsWhatWasClaimed() public {
        Claim memory claim = _grow(JOINER, 0.75 ether);
        _finalise();
        _claim(JOINER, claim);
        _fund(1 ether);
        _assertPool(11 ether, 0.75 ether, 1);
    }

    function testLatestClaimPaysForAllBefore() public {
        Claim memory first = _grow(JOINER, 0.5 ether);
        Claim memory second = _grow(JOINER, 0.75 ether);
        Claim memory third = _grow(JOINER, 2 ether);
        _finalise();
        _claim(JOINER, second);
        vm.expectEmit(address(bema));
        emit IBema.RewardClaimed(JOINER, _sha256d(third.header), 1.25 ether, 2 ether);
        _claim(JOINER, third);
        _refuses(JOINER, first, abi.encodeWithSelector(IBema.NothingToClaim.selector, 0.5 ether, 2 ether));
        _refuses(JOINER, third, abi.encodeWithSelector(IBema.NothingToClaim.selector, 2 ether, 2 ether));
        _assertPool(10 ether, 2 ether, 3);
        vm.prank(JOINER);
        bema.withdraw(JOINER);
        vm.assertEq(JOINER.balance, 2 ether);
    }

    /// @dev More wei than 64 bits hold: cut short, what was claimed could be claimed again.
    function testClaimsLargeAmountsOnce() public {
        _fund(90 ether);
        for (uint256 i = 0; i < 19; ++i) {
            _grow(STRANGER, 1);
        }
        Claim memory claim = _grow(JOINER, 20 ether);
        _finalise();
        _claim(JOINER, claim);
        _assertRewards(JOINER, 20 ether, 0);
        _refuses(JOINER, claim, abi.encodeWithSelector(IBema.NothingToClaim.selector, 20 ether, 20 ether));
    }

    function testClaimAgainstAnEarlierBlockKeepsTheFinalisedHeight() public {
        Claim memory first = _grow(JOINER, 0.5 ether);
        Claim memory second = _grow(founders[1], 1 ether);
        _finalise();
        _claim(founders[1], second);
        _claim(JOINER, first);
        _assertPool(10 ether, 1.5 ether, 2);
    }

    function testWithdrawsWhatCameInSince() public {
        Claim memory first = _grow(JOINER, 0.5 ether);
        Claim memory second = _grow(JOINER, 0.75 ether);
        _finalise();
        _claim(JOINER, first);
        vm.prank(JOINER);
        bema.withdraw(JOINER);
        _claim(JOINER, second);
        vm.prank(JOINER);
        bema.withdraw(JOINER);
        vm.assertEq(JOINER.balance, 0.75 ether);
        _assertRewards(JOINER, 0.75 ether, 0.75 ether);
        vm.expectRevert(abi.encodeWithSelector(IBema.NothingToWithdraw.selector, JOINER));
        vm.prank(JOINER);
        bema.withdraw(JOINER);
    }

    function testRefusesClaimInsideTheWindow() public {
        Claim memory claim = _grow(JOINER, 1 ether);
        uint256 closesAt = block.timestamp + WINDOW;
        _refuses(
            JOINER,
            claim,
            abi.encodeWithSelector(IBema.ChallengeWindowOpen.selector, block.timestamp, closesAt)
        );
        vm.warp(closesAt);
        _refuses(
            JOINER,
            claim,
            abi.encodeWithSelector(IBema.ChallengeWindowOpen.selector, block.timestamp, block.timestamp)
        );
        vm.warp(block.timestamp + 1);
        _claim(JOINER, claim);
    }

    function testRefusesClaimOnOrphanedAndUnknownBlocks() public {
        Claim memory claim = _grow(JOINER, 1 ether);
        _reject(claim.header);
        _finalise();
        _refuses(JOINER, claim, abi.encodeWithSelector(IBema.BlockOrphaned.selector, _sha256d(claim.header)));
        claim.header[111] ^= 0x01;
        _refuses(JOINER, claim, abi.encodeWithSelector(IBema.BlockUnknown.selector, _sha256d(claim.header)));
    }

    function testRefusesSomebodyElsesLeaf() public {
        Claim memory claim = _grow(JOINER, 1 ether);
        _finalise();
        vm.assertFalse(_tryToClaim(STRANGER, claim));
        vm.assertTrue(_tryToClaim(JOINER, claim));
    }

    function testNamesTheRootOfAWrongClaim() public {
        Claim memory claim = _grow(JOINER, 1 ether);
        _finalise();
        bytes[] memory leaves = _leaves(JOINER, 2 ether);
        bytes32 required = _rootOf(claim.header);
        claim.cumulative = 2 ether;
        bytes32[] memory hashes = _leafHashes(leaves);
        hashes[0] = claim.siblings[0];
        _refuses(
            JOINER, claim, abi.encodeWithSelector(IBema.RootMismatch.selector, Tree.root(hashes), required)
        );
    }

    function testRefusesClaimBeyondTheCap() public {
        Claim memory claim = _grow(JOINER, 1 ether + 1);
        _finalise();
        _refuses(JOINER, claim, abi.encodeWithSelector(IBema.ClaimBeyondCap.selector, 1 ether + 1, 1 ether));
        claim = _grow(founders[1], 2 ether);
        _finalise();
        _claim(founders[1], claim);
        claim = _grow(JOINER, 1 ether);
        _finalise();
        _claim(JOINER, claim);
        _assertPool(10 ether, 3 ether, 3);
    }

    function testRefusesClaimBeyondThePool() public {
        for (uint256 i = 0; i < 9; ++i) {
            _grow(STRANGER, 1);
        }
        Claim memory all = _grow(founders[1], 9 ether);
        Claim memory rest = _grow(JOINER, 1 ether);
        Claim memory more = _grow(JOINER, 1 ether + 1);
        _finalise();
        _claim(founders[1], all);
        _refuses(JOINER, more, abi.encodeWithSelector(IBema.ClaimBeyondPool.selector, 1 ether + 1, 1 ether));
        _claim(JOINER, rest);
        _assertPool(10 ether, 10 ether, 11);
    }

    function testSuspendedAccountClaimsOnlyEarlierBlocks() public {
        Claim memory earlier = _grow(JOINER, 0.5 ether);
        Claim memory same = _grow(JOINER, 0.6 ether);
        _suspend(JOINER);
        Claim memory later = _grow(JOINER, 0.75 ether);
        uint256 suspendedAt = block.timestamp - 1;
        _finalise();
        _refuses(JOINER, later, abi.encodeWithSelector(IBema.Suspended.selector, JOINER, suspendedAt));
        _refuses(JOINER, same, abi.encodeWithSelector(IBema.Suspended.selector, JOINER, suspendedAt));
        _claim(JOINER, earlier);
        vm.prank(JOINER);
        bema.withdraw(JOINER);
        vm.assertEq(JOINER.balance, 0.5 ether);
    }

    function testRefusesPaymentToARecipientThatRefuses() public {
        Claim memory claim = _grow(JOINER, 1 ether);
        _finalise();
        _claim(JOINER, claim);
        vm.expectRevert(abi.encodeWithSelector(IBema.PaymentFailed.selector, address(bema), 1 ether));
        vm.prank(JOINER);
        bema.withdraw(address(bema));
        vm.prank(JOINER);
        bema.withdraw(JOINER);
    }

    /// @dev A recipient that calls back gets nothing more.
    function testReentrantWithdrawal() public {
        Thief thief = new Thief(bema);
        Claim memory claim = _grow(address(thief), 1 ether);
        _finalise();
        _claim(address(thief), claim);
        thief.withdraw();
        vm.assertEq(address(thief).balance, 1 ether);
        vm.assertEq(keccak256(thief.answer()), keccak256(_nothingToWithdraw(address(thief))));
    }

    /// @dev One flipped bit in amount, index, siblings or header and nothing is paid; untouched, all is.
    function testFuzzFlippedClaim(uint256 bit, uint256 amount) public {
        Claim memory claim = _grow(JOINER, bound(amount, 1, 1 ether));
        _finalise();
        bit = bound(bit, 0, 256 + 32 + 32 + 256 + 896 - 1);
        Claim memory wrong = _copy(claim);
        if (bit < 256) wrong.cumulative ^= 1 << bit;
        else if (bit < 288) wrong.index ^= uint32(1 << (bit - 256));
        else if (bit < 320) wrong.leafCount ^= uint32(1 << (bit - 288));
        else if (bit < 576) wrong.siblings[0] ^= bytes32(1 << (bit - 320));
        else wrong.header[(bit - 576) / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.assertFalse(_tryToClaim(JOINER, wrong));
        vm.assertTrue(_tryToClaim(JOINER, claim));
        _assertRewards(JOINER, claim.cumulative, 0);
    }

    function testInterfaces() public view {
        IERC165 bema165 = IERC165(address(bema));
        vm.assertTrue(bema165.supportsInterface(type(IBema).interfaceId));
        vm.assertTrue(bema165.supportsInterface(0x01ffc9a7));
        vm.assertTrue(bema165.supportsInterface(type(IERC5267).interfaceId));
        vm.assertFalse(bema165.supportsInterface(0xffffffff));
    }

    function _leaves(address account, uint256 cumulative) private view returns (bytes[] memory leaves) {
        leaves = new bytes[](2);
        leaves[0] = _goodRecord();
        leaves[1] = _rewardLeaf(account, cumulative);
    }

    function _grow(address account, uint256 cumulative) private returns (Claim memory claim) {
        bytes[] memory leaves = _leaves(account, cumulative);
        vm.warp(block.timestamp + 1);
        claim.header = _growWith(leaves);
        claim.leafCount = 2;
        claim.index = 1;
        claim.cumulative = cumulative;
        claim.siblings = Tree.proof(_leafHashes(leaves), 1);
    }

    function _copy(Claim memory claim) private pure returns (Claim memory) {
        return abi.decode(abi.encode(claim), (Claim));
    }

    function _claim(address account, Claim memory claim) private {
        vm.prank(account);
        bema.claimReward(claim.header, claim.leafCount, claim.index, claim.cumulative, claim.siblings);
    }

    function _tryToClaim(address account, Claim memory claim) private returns (bool) {
        vm.prank(account);
        try bema.claimReward(claim.header, claim.leafCount, claim.index, claim.cumulative, claim.siblings) {
            return true;
        } catch {
            return false;
        }
    }

    function _refuses(address account, Claim memory claim, bytes memory reason) private {
        vm.expectRevert(reason);
        _claim(account, claim);
    }

    function _fund(uint256 amount) private {
        vm.deal(address(this), amount);
        bema.fund{value: amount}();
    }

    function _rootOf(bytes memory header) private pure returns (bytes32 root) {
        assembly ("memory-safe") {
            root := mload(add(header, 64))
        }
    }

    function _nothingToWithdraw(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBema.NothingToWithdraw.selector, account);
    }

    function _assertPool(uint256 funded, uint256 claimed, uint256 finalisedHeight) private view {
        (uint256 gotFunded, uint256 gotClaimed, uint32 gotHeight) = bema.pool();
        vm.assertEq(gotFunded, funded);
        vm.assertEq(gotClaimed, claimed);
        vm.assertEq(gotHeight, finalisedHeight);
    }

    function _assertRewards(address account, uint256 claimed, uint256 withdrawn) private view {
        (uint256 gotClaimed, uint256 gotWithdrawn) = bema.rewardsOf(account);
        vm.assertEq(gotClaimed, claimed);
        vm.assertEq(gotWithdrawn, withdrawn);
    }
}

/// @notice Withdraws once more while it is being paid.
contract Thief {
    IBema private immutable BEMA;
    bytes public answer;

    constructor(IBema bema) {
        BEMA = bema;
    }

    receive() external payable {
        try BEMA.withdraw(address(this)) {}
        catch (bytes memory reason) {
            answer = reason;
        }
    }

    function withdraw() external {
        BEMA.withdraw(address(this));
    }
}

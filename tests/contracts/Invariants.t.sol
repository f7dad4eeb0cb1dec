// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {Actors} from "./support/Actors.sol";
import {Test} from "./support/Test.sol";

/// @notice What holds whatever honest and hostile actors do in whatever order.
contract InvariantsTest is Test {
    Actors private actors;
    IBema private bema;

    function setUp() public {
        actors = new Actors();
        bema = actors.target();
    }

    /// @dev Read by forge: only the handlers act.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    /// @dev Read by forge: what may act, so that no view and no inherited test is called in vain.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](15);
        selectors[0] = Actors.fund.selector;
        selectors[1] = Actors.wait.selector;
        selectors[2] = Actors.commitAndReveal.selector;
        selectors[3] = Actors.mineHonestly.selector;
        selectors[4] = Actors.claim.selector;
        selectors[5] = Actors.withdraw.selector;
        selectors[6] = Actors.withdrawBond.selector;
        selectors[7] = Actors.rejectByVotes.selector;
        selectors[8] = Actors.mineFalsely.selector;
        selectors[9] = Actors.replayBlock.selector;
        selectors[10] = Actors.stealBond.selector;
        selectors[11] = Actors.rejectWithoutQuorum.selector;
        selectors[12] = Actors.replayApproval.selector;
        selectors[13] = Actors.copyCommitment.selector;
        selectors[14] = Actors.mineHonestly.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(actors), selectors: selectors});
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev The actors can do what they are for: without this, invariants over idle actors would hold as well.
    function testActorsReachEverything() public {
        actors.fund(5 ether - 1);
        actors.commitAndReveal(0);
        actors.mineHonestly(0, 0, 60);
        actors.mineHonestly(3, 0, 60);
        actors.mineHonestly(0, 0, 60);
        actors.rejectByVotes(2);
        actors.mineFalsely(1, 0, true);
        actors.mineFalsely(1, 1, true);
        actors.wait(2_399);
        actors.wait(2_399);
        actors.claim(0, 0);
        actors.claim(3, 1);
        actors.withdraw(3);
        vm.assertEq(actors.claims(), 2);
        vm.assertEq(actors.rejections(), 3);
        vm.assertEq(actors.wentOut(), 0.25 ether);
        actors.withdrawBond(0);
        vm.assertEq(actors.wentOut(), 1.75 ether);
        vm.assertEq(actors.refusals(), 0);
        actors.replayBlock(2);
        actors.stealBond(1);
        actors.rejectWithoutQuorum(1, 0);
        actors.replayApproval(77);
        actors.copyCommitment(0);
        vm.assertEq(actors.refusals(), 5);
        invariantAccounting();
        invariantChain();
        invariantNoBreach();
    }

    /// @dev Blocks are linked by parent hash, each met its target, and every status is the model's: a rollback restores
    /// exactly what was before the rejected block.
    function invariantChain() public view {
        actors.checkChain();
    }

    function invariantTarget() public view {
        actors.checkTarget();
    }

    /// @dev All that came in = pool + owed + paid + bonds, to the wei; and the contract holds all but what was paid.
    function invariantAccounting() public view {
        (uint256 funded, uint256 claimed,) = bema.pool();
        uint256 owed;
        uint256 withdrawnInAll;
        for (uint256 i = 0; i < 4; ++i) {
            (uint256 got, uint256 withdrawn) = bema.rewardsOf(actors.accountAt(i));
            owed += got - withdrawn;
            withdrawnInAll += withdrawn;
        }
        vm.assertEq(claimed, owed + withdrawnInAll);
        vm.assertEq(funded, actors.cameIn() + actors.slashed());
        vm.assertEq(address(bema).balance, funded - claimed + owed + actors.bonds());
        vm.assertEq(address(bema).balance, actors.paidIn() - actors.wentOut());
    }

    /// @dev Nobody took more than the latest claim allotted, nor twice.
    function invariantNoDoublePayment() public view {
        for (uint256 i = 0; i < 4; ++i) {
            address account = actors.accountAt(i);
            (uint256 claimed, uint256 withdrawn) = bema.rewardsOf(account);
            vm.assertEq(claimed, actors.allotted(account));
            vm.assertEq(withdrawn, actors.taken(account));
            vm.assertTrue(withdrawn <= claimed);
        }
    }

    function invariantClaimsStayBelowPoolAndCap() public view {
        (uint256 funded, uint256 claimed, uint32 finalisedHeight) = bema.pool();
        (, uint32 height,) = bema.tip();
        vm.assertTrue(claimed <= funded);
        vm.assertTrue(claimed <= bema.parameters().maxRewardPerBlock * uint256(finalisedHeight));
        vm.assertTrue(finalisedHeight <= height);
    }

    /// @dev What a hostile actor must never reach, and approvals are used once.
    function invariantNoBreach() public view {
        vm.assertEq(actors.breaches(), 0);
        vm.assertEq(bema.partyCount(), actors.joined());
    }

    function invariantHonestSamplesWereRevealedInTime() public {
        actors.checkSamples();
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {Fixture} from "./support/Fixture.sol";

contract ConfigurationTest is Fixture {
    IBema.Parameters private given;
    IBema.Founder[] private list;

    function setUp() public override {
        super.setUp();
        given = _parameters();
        IBema.Founder[] memory founderList = _founderList();
        for (uint256 i = 0; i < founderList.length; ++i) {
            list.push(founderList[i]);
        }
    }

    function testParametersAreKept() public view {
        vm.assertEq(keccak256(abi.encode(bema.parameters())), keccak256(abi.encode(_parameters())));
        vm.assertEq(bema.partyCount(), 0);
        vm.assertFalse(bema.genesisClosed());
    }

    function testGenesisHashNamesChainContractAndRules() public {
        vm.assertEq(
            bema.genesisHash(),
            _sha256d(abi.encodePacked(uint8(4), uint256(block.chainid), address(bema), RULES))
        );
        vm.chainId(block.chainid + 1);
        vm.assertTrue(_deploy(given, list).genesisHash() != bema.genesisHash());
    }

    function testRefusesZeroRulesDigest() public {
        given.rulesDigest = 0;
        _refuses(abi.encodeWithSelector(IBema.ZeroRulesDigest.selector));
    }

    function testRefusesClassCounts() public {
        given.classes = 1;
        _refuses(abi.encodeWithSelector(IBema.ClassCountOutOfRange.selector, 1, 2, 256));
        given.classes = 257;
        _refuses(abi.encodeWithSelector(IBema.ClassCountOutOfRange.selector, 257, 2, 256));
    }

    function testAcceptsTwoAndAll256Classes() public {
        given.approvalsPerClass = 1;
        given.classes = 256;
        list[0].heldClasses = type(uint256).max;
        vm.assertEq(_deploy(given, list).parameters().classes, 256);
        given.classes = 2;
        list[0].heldClasses = 3;
        list[1].heldClasses = 1;
        list[2].heldClasses = 1;
        vm.assertEq(_deploy(given, list).parameters().classes, 2);
    }

    function testAcceptsFewerApprovalsThanHolders() public {
        given.approvalsPerClass = 1;
        vm.assertEq(_deploy(given, list).parameters().approvalsPerClass, 1);
    }

    function testRefusesApprovalsPerClass() public {
        given.approvalsPerClass = 0;
        _refuses(abi.encodeWithSelector(IBema.ApprovalsPerClassOutOfRange.selector, 0, 1, 2));
        // Three founders, but no class has three holders.
        given.approvalsPerClass = 3;
        _refuses(abi.encodeWithSelector(IBema.ApprovalsPerClassOutOfRange.selector, 3, 1, 2));
    }

    function testRefusesEmptyFounderList() public {
        delete list;
        _refuses(abi.encodeWithSelector(IBema.NoOriginalParty.selector));
    }

    function testRefusesZeroAccount() public {
        list[1].account = address(0);
        _refuses(abi.encodeWithSelector(IBema.ZeroAccount.selector, 1));
    }

    function testRefusesAccountListedTwice() public {
        list[2].account = list[0].account;
        _refuses(abi.encodeWithSelector(IBema.AccountListedTwice.selector, list[0].account));
    }

    function testRefusesFounderWithoutClasses() public {
        list[1].heldClasses = 0;
        _refuses(abi.encodeWithSelector(IBema.HeldClassesEmpty.selector));
    }

    function testRefusesFounderClassOutOfRange() public {
        list[1].heldClasses = 16;
        _refuses(abi.encodeWithSelector(IBema.ClassOutOfRange.selector, 16, ALL));
    }

    function testRefusesUncoveredClass() public {
        list[1].heldClasses = 4;
        list[2].heldClasses = 3;
        _refuses(abi.encodeWithSelector(IBema.HeldClassesNotCovered.selector, 7, ALL));
    }

    function testRefusesShortExpiry() public {
        given.commitmentExpiry = 1;
        _refuses(abi.encodeWithSelector(IBema.CommitmentExpiryOutOfRange.selector, 1, 2));
    }

    function testAcceptsShortestExpiryAndLeastTarget() public {
        given.commitmentExpiry = 2;
        given.target = 1;
        IBema.Parameters memory kept = _deploy(given, list).parameters();
        vm.assertEq(kept.commitmentExpiry, 2);
        vm.assertEq(kept.target, 1);
    }

    function testRefusesZeroTarget() public {
        given.target = 0;
        _refuses(abi.encodeWithSelector(IBema.TargetOutOfRange.selector, 0, 1, given.maxTarget));
    }

    function testRefusesTargetAboveTheMaximum() public {
        given.maxTarget = given.target - 1;
        _refuses(abi.encodeWithSelector(IBema.TargetOutOfRange.selector, given.target, 1, given.target - 1));
        given.maxTarget = given.target;
        vm.assertEq(_deploy(given, list).parameters().maxTarget, given.target);
    }

    function testRefusesZeroSpacing() public {
        given.blockSpacing = 0;
        _refuses(abi.encodeWithSelector(IBema.BlockSpacingOutOfRange.selector, 0, 1));
        given.blockSpacing = 1;
        vm.assertEq(_deploy(given, list).parameters().blockSpacing, 1);
    }

    function testRefusesShortRetargetInterval() public {
        given.retargetInterval = 3;
        _refuses(abi.encodeWithSelector(IBema.RetargetIntervalOutOfRange.selector, 3, 4));
        given.retargetInterval = 4;
        vm.assertEq(_deploy(given, list).parameters().retargetInterval, 4);
    }

    function testRefusesZeroEasing() public {
        given.easingSpacings = 0;
        _refuses(abi.encodeWithSelector(IBema.EasingSpacingsOutOfRange.selector, 0, 1));
        given.easingSpacings = 1;
        vm.assertEq(_deploy(given, list).parameters().easingSpacings, 1);
    }

    function testRefusesZeroChallengeWindow() public {
        given.challengeWindow = 0;
        _refuses(abi.encodeWithSelector(IBema.ChallengeWindowOutOfRange.selector, 0, 1));
        given.challengeWindow = 1;
        vm.assertEq(_deploy(given, list).parameters().challengeWindow, 1);
    }

    function testRefusesQuorums() public {
        given.quorum = 0;
        _refuses(abi.encodeWithSelector(IBema.QuorumOutOfRange.selector, 0, 1, 3));
        given.quorum = 4;
        _refuses(abi.encodeWithSelector(IBema.QuorumOutOfRange.selector, 4, 1, 3));
        given.quorum = 3;
        vm.assertEq(_deploy(given, list).parameters().quorum, 3);
        given.quorum = 1;
        vm.assertEq(_deploy(given, list).parameters().quorum, 1);
    }

    function testRefusesBondBelowTheReward() public {
        given.bond = given.maxRewardPerBlock - 1;
        _refuses(abi.encodeWithSelector(IBema.BondOutOfRange.selector, given.bond, given.maxRewardPerBlock));
        given.bond = given.maxRewardPerBlock;
        vm.assertEq(_deploy(given, list).parameters().bond, given.bond);
    }

    function deploy() external {
        _deploy(given, list);
    }

    function _refuses(bytes memory reason) private {
        try this.deploy() {
            vm.assertTrue(false, "deployed");
        } catch (bytes memory got) {
            vm.assertEq(keccak256(got), keccak256(reason), "another reason");
        }
    }
}

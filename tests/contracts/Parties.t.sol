// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {Fixture} from "./support/Fixture.sol";

contract PartiesTest is Fixture {
    function testFoundersGetTheirPlaceInTheList() public {
        for (uint256 done = 0; done < 3; ++done) {
            uint256 i = 2 - done;
            uint256 held = [HELD_1, HELD_2, HELD_3][i];
            vm.assertEq(bema.partyOf(founders[i]), 0);
            vm.expectEmit(address(bema));
            emit IBema.OriginalPartyRegistered(uint32(i + 1), founders[i], CARD, held, ALL);
            vm.prank(founders[i]);
            vm.assertEq(bema.registerOriginalParty(CARD, ALL), i + 1);
            vm.assertEq(bema.partyOf(founders[i]), i + 1);
            vm.assertEq(bema.partyCount(), 3 - i);
            vm.assertTrue(bema.genesisClosed() == (i == 0));
        }
    }

    function testLastFounderClosesGenesis() public {
        (bytes32 tip, uint32 height, uint64 submittedAt) = bema.tip();
        vm.assertEq(tip, 0);
        vm.prank(founders[0]);
        bema.registerOriginalParty(CARD, ALL);
        vm.prank(founders[1]);
        bema.registerOriginalParty(CARD, ALL);
        (tip, height, submittedAt) = bema.tip();
        vm.assertEq(tip, 0);
        vm.warp(GENESIS_TIME + 9);
        vm.expectEmit(address(bema));
        emit IBema.OriginalPartyRegistered(3, founders[2], CARD, HELD_3, ALL);
        vm.expectEmit(address(bema));
        emit IBema.GenesisClosed(bema.genesisHash());
        vm.prank(founders[2]);
        bema.registerOriginalParty(CARD, ALL);
        (tip, height, submittedAt) = bema.tip();
        vm.assertEq(tip, bema.genesisHash());
        vm.assertEq(height, 0);
        vm.assertEq(submittedAt, GENESIS_TIME + 9);
    }

    function testRefusesStranger() public {
        _refuses(STRANGER, CARD, ALL, abi.encodeWithSelector(IBema.NotOriginalParty.selector, STRANGER));
    }

    function testRefusesSecondRegistration() public {
        vm.prank(founders[1]);
        bema.registerOriginalParty(CARD, ALL);
        _refuses(
            founders[1],
            CARD,
            ALL,
            abi.encodeWithSelector(IBema.AlreadyRegistered.selector, founders[1], uint32(2))
        );
    }

    function testRefusesZeroModelCard() public {
        _refuses(founders[0], 0, ALL, abi.encodeWithSelector(IBema.ZeroModelCard.selector));
    }

    function testRefusesLabelSpaceOutOfRange() public {
        _refuses(founders[0], CARD, 16 | ALL, abi.encodeWithSelector(IBema.ClassOutOfRange.selector, 31, ALL));
    }

    function testRefusesHeldClassesOutsideLabelSpace() public {
        _refuses(
            founders[0],
            CARD,
            3,
            abi.encodeWithSelector(IBema.HeldClassesOutsideLabelSpace.selector, HELD_1, 3)
        );
    }

    function testFuzzLabelSpace(uint256 labelSpace) public {
        bool allowed = labelSpace <= ALL && labelSpace & HELD_2 == HELD_2;
        vm.prank(founders[1]);
        try bema.registerOriginalParty(CARD, labelSpace) {
            vm.assertTrue(allowed);
        } catch {
            vm.assertFalse(allowed);
        }
        labelSpace = labelSpace & ALL | HELD_1;
        vm.prank(founders[0]);
        vm.assertEq(bema.registerOriginalParty(CARD, labelSpace), 1);
    }

    function _refuses(address account, bytes32 card, uint256 labelSpace, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(account);
        bema.registerOriginalParty(card, labelSpace);
    }
}

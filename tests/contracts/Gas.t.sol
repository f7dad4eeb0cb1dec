// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Fixture} from "./support/Fixture.sol";
import {PartyType} from "../../contracts/types/PartyType.sol";
import {Tree} from "./support/Tree.sol";

/// @notice What a transaction of each kind costs, intrinsic gas included, with cold storage; the view's call alone.
/// @dev Recorded in tests/snapshots/Bema.json; FORGE_SNAPSHOT_CHECK=false FORGE_SNAPSHOT_EMIT=true forge test --match-contract GasTest
/// records anew.
/// forge-config: default.isolate = true
contract GasTest is Fixture {
    bytes32 private constant CONTENT = keccak256("content");

    function setUp() public override {
        super.setUp();
        _closeGenesis();
    }

    function testOriginalParties() public {
        super.setUp();
        vm.prank(founders[0]);
        bema.registerOriginalParty(CARD, ALL);
        vm.snapshotGasLastCall("Bema", "registerOriginalParty");
        vm.prank(founders[1]);
        bema.registerOriginalParty(CARD, ALL);
        vm.prank(founders[2]);
        bema.registerOriginalParty(CARD, ALL);
        vm.snapshotGasLastCall("Bema", "registerOriginalParty that closes genesis");
    }

    function testRegularParty() public {
        _join();
        vm.snapshotGasLastCall("Bema", "registerRegularParty with 2 approvals");
        vm.prank(founders[0]);
        bema.revokeApproval(500);
        vm.snapshotGasLastCall("Bema", "revokeApproval");
    }

    function testCommitments() public {
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 commitment = bema.batchCommitment(1, ROOT, CONTENT, bytes32(i));
            vm.prank(founders[0]);
            bema.commitBatch(commitment);
            vm.snapshotGasLastCall("Bema", i == 0 ? "commitBatch first" : "commitBatch next");
            vm.roll(block.number + 1);
            vm.prank(founders[0]);
            bema.revealBatch(ROOT, CONTENT, bytes32(i));
            vm.snapshotGasLastCall("Bema", "revealBatch");
        }
    }

    function testBlocks() public {
        bytes32[] memory leaves = Tree.leavesOf("gas", 250);
        bytes memory header = _mine(Tree.root(leaves), founders[0], PartyType.OriginalParty, true);
        vm.deal(founders[0], BOND);
        vm.prank(founders[0]);
        bema.submitBlock{value: BOND}(header, BODY, 250);
        vm.snapshotGasLastCall("Bema", "submitBlock");
        bema.verifyInclusion(header, leaves[99], 99, 250, Tree.proof(leaves, 99));
        vm.snapshotGasLastCall("Bema", "verifyInclusion among 250 leaves");
    }
}

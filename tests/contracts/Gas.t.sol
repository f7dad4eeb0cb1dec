// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {PartyType} from "../../contracts/types/PartyType.sol";
import {Chain} from "./support/Chain.sol";
import {Meter} from "./support/Meter.sol";
import {Tree} from "./support/Tree.sol";

/// @notice One transaction of each kind.
abstract contract Operations is Chain, Meter {
    function setUp() public override {
        super.setUp();
        // Slots that are written once in a chain's life are used already, unless an operation is about that.
        _join();
        _growChain(1, 30);
        _fund();
    }

    function testOriginalParties() public {
        _openGenesis();
        _measure(
            "register_original_party_first",
            founders[0],
            0,
            abi.encodeCall(IBema.registerOriginalParty, (CARD, ALL))
        );
        _measure(
            "register_original_party",
            founders[1],
            0,
            abi.encodeCall(IBema.registerOriginalParty, (CARD, ALL))
        );
        _measure(
            "register_original_party_last",
            founders[2],
            0,
            abi.encodeCall(IBema.registerOriginalParty, (CARD, ALL))
        );
    }

    function testRegularParties() public {
        string[3] memory names = [
            "register_regular_party_1_approval",
            "register_regular_party_2_approvals",
            "register_regular_party_3_approvals"
        ];
        for (uint256 count = 1; count <= 3; ++count) {
            IBema.Parameters memory given = _parameters();
            given.approvalsPerClass = 1;
            bema = _deploy(given, _founderList());
            _closeGenesis();
            // Every founder has used a nonce before: the word of its nonces is not new.
            for (uint256 i = 0; i < 3; ++i) {
                vm.prank(founders[i]);
                bema.revokeApproval(200);
            }
            Candidate memory candidate = _candidate();
            Approval[] memory approvals = new Approval[](count);
            uint256[3] memory vouched = [uint256(1), 4, 1];
            for (uint256 i = 0; i < count; ++i) {
                approvals[i] = _approve(candidate, i, vouched[i], 7, GENESIS_TIME * 2);
            }
            _measure(
                names[count - 1],
                JOINER,
                0,
                abi.encodeCall(IBema.registerRegularParty, (CARD, 1, 3, _packed(approvals)))
            );
        }
    }

    function testRevocation() public {
        _measure("revoke_approval", founders[0], 0, abi.encodeCall(IBema.revokeApproval, (8)));
    }

    function testCommitments() public {
        string[2] memory commits = ["commit_batch_first", "commit_batch"];
        string[2] memory reveals = ["reveal_batch_first", "reveal_batch"];
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 salt = keccak256(abi.encode(i));
            bytes32 commitment = bema.batchCommitment(1, ROOT, CONTENT, salt);
            _measure(commits[i], founders[0], 0, abi.encodeCall(IBema.commitBatch, (commitment)));
            vm.roll(block.number + 1);
            _measure(reveals[i], founders[0], 0, abi.encodeCall(IBema.revealBatch, (ROOT, CONTENT, salt)));
        }
    }

    function testSubmission() public {
        uint32[4] memory counts = [uint32(2), 11, 1_001, 5];
        string[4] memory names =
            ["submit_block_1_sample", "submit_block_10_samples", "submit_block_1000_samples", "submit_block"];
        for (uint256 i = 0; i < 4; ++i) {
            vm.warp(block.timestamp + 30);
            bytes memory header = _mine(keccak256(abi.encode(i)), founders[0], PartyType.OriginalParty, true);
            _measure(
                names[i], founders[0], BOND, abi.encodeCall(IBema.submitBlock, (header, BODY, counts[i]))
            );
        }
        _growChain(INTERVAL - 5, 30);
        bytes memory first = _mine(ROOT, founders[0], PartyType.OriginalParty, true);
        _measure(
            "submit_block_new_period", founders[0], BOND, abi.encodeCall(IBema.submitBlock, (first, BODY, 2))
        );
    }

    /// @dev The second rejection of a chain: the first also writes the depth of the stack for the first time.
    function testRejection() public {
        bytes[] memory headers = _growChain(3, 30);
        bytes memory votes = _votes(bema.rejectionDigest(_sha256d(headers[0]), REASON), 2);
        uint256 before = vm.snapshotState();
        _measure(
            "reject_block_first", STRANGER, 0, abi.encodeCall(IBema.rejectByVote, (headers[0], REASON, votes))
        );
        vm.revertToState(before);
        _reject(headers[2]);
        _reject(headers[1]);
        headers = _growChain(3, 31);
        votes = _votes(bema.rejectionDigest(_sha256d(headers[0]), REASON), 2);
        _measure("reject_block", STRANGER, 0, abi.encodeCall(IBema.rejectByVote, (headers[0], REASON, votes)));
    }

    function testSuspension() public {
        bytes memory votes = _votes(bema.suspensionDigest(JOINER, REASON, uint64(block.timestamp)), 2);
        _measure(
            "suspend_party",
            STRANGER,
            0,
            abi.encodeCall(IBema.suspendParty, (JOINER, REASON, uint64(block.timestamp), votes))
        );
    }

    function testFraudProofs() public {
        bytes[] memory leaves = _manyLeaves(256, JOINER, 1);
        leaves[100] = _sampleLeaf(100, 1, keccak256("never"));
        leaves[101] = leaves[100];
        bytes memory header = _growWith(leaves);
        IBema.LeafProof memory one = _proofOf(leaves, 100);
        IBema.LeafProof memory two = _proofOf(leaves, 101);
        uint256 before = vm.snapshotState();
        _measure("reject_false_leaf", STRANGER, 0, abi.encodeCall(IBema.rejectFalseLeaf, (header, 256, one)));
        vm.revertToState(before);
        _measure(
            "reject_unordered_leaves",
            STRANGER,
            0,
            abi.encodeCall(IBema.rejectUnorderedLeaves, (header, 256, one, two))
        );
    }

    function testDecreasedReward() public {
        bytes[] memory earlier = _manyLeaves(256, JOINER, 2);
        bytes memory earlierHeader = _growWith(earlier);
        bytes[] memory later = _manyLeaves(256, JOINER, 1);
        bytes memory header = _growWith(later);
        IBema.LeafProof memory one = _proofOf(later, 255);
        IBema.LeafProof memory other = _proofOf(earlier, 255);
        _measure(
            "reject_decreased_reward",
            STRANGER,
            0,
            abi.encodeCall(IBema.rejectDecreasedReward, (header, 256, one, earlierHeader, 256, other))
        );
    }

    function testRewards() public {
        string[2] memory claims = ["claim_reward_first", "claim_reward"];
        string[2] memory withdrawals = ["withdraw_first", "withdraw"];
        vm.deal(JOINER, 1 ether);
        for (uint256 i = 0; i < 2; ++i) {
            vm.warp(block.timestamp + 30);
            bytes[] memory leaves = _manyLeaves(256, JOINER, 0.25 ether * (i + 1));
            bytes memory header = _growWith(leaves);
            bytes32[] memory siblings = Tree.proof(_leafHashes(leaves), 255);
            _finalise();
            uint256 cumulative = 0.25 ether * (i + 1);
            _measure(
                claims[i],
                JOINER,
                0,
                abi.encodeCall(IBema.claimReward, (header, 256, 255, cumulative, siblings))
            );
            _measure(withdrawals[i], JOINER, 0, abi.encodeCall(IBema.withdraw, (JOINER)));
            if (i == 0) {
                _measure(
                    "withdraw_bond",
                    founders[0],
                    0,
                    abi.encodeCall(IBema.withdrawBond, (_sha256d(header), founders[0]))
                );
            }
        }
    }

    function testFunding() public {
        _measure("fund", STRANGER, 1 ether, abi.encodeCall(IBema.fund, ()));
    }

    function testInclusion() public {
        uint32[3] memory counts = [uint32(16), 256, 4_096];
        string[3] memory names =
            ["verify_inclusion_16_leaves", "verify_inclusion_256_leaves", "verify_inclusion_4096_leaves"];
        for (uint256 i = 0; i < 3; ++i) {
            bytes32[] memory leaves = Tree.leavesOf("gas", counts[i]);
            bytes memory header = _submit(Tree.root(leaves));
            uint32 place = counts[i] / 3;
            bytes32[] memory siblings = Tree.proof(leaves, place);
            _measure(
                names[i],
                STRANGER,
                0,
                abi.encodeCall(IBema.verifyInclusion, (header, leaves[place], place, counts[i], siblings))
            );
        }
    }

    /// @dev A record, samples, and one reward at the end.
    function _manyLeaves(uint256 count, address account, uint256 cumulative)
        private
        view
        returns (bytes[] memory leaves)
    {
        leaves = new bytes[](count);
        leaves[0] = _goodRecord();
        for (uint256 i = 1; i + 1 < count; ++i) {
            leaves[i] = _sampleLeaf(i, 1, ROOT);
        }
        leaves[count - 1] = _rewardLeaf(account, cumulative);
    }

    function _fund() private {
        vm.deal(STRANGER, 100 ether);
        vm.prank(STRANGER);
        bema.fund{value: 10 ether}();
    }

    function _measure(string memory name, address sender, uint256 value, bytes memory data) private {
        vm.deal(sender, sender.balance + value);
        _meter(name, sender, address(bema), value, data);
    }
}

/// @notice What a whole transaction of each kind costs. `python -m deploy.gas` reads what this writes, compares it with
/// tests/snapshots/gas.json and makes the page in the docs.
/// forge-config: default.isolate = true
contract GasTest is Operations {
    function _recording() internal pure override returns (bool) {
        return false;
    }
}

/// @notice What each of them cannot do without.
contract GasFloorTest is Operations {
    function _recording() internal pure override returns (bool) {
        return true;
    }
}

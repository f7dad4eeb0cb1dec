// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {BlockStatus} from "../../contracts/types/BlockStatus.sol";
import {Fraud} from "../../contracts/types/Fraud.sol";
import {Chain} from "./support/Chain.sol";

/// @notice Every kind of fraud that the contract can see, each beside an honest twin that nobody can reject.
contract FraudProofsTest is Chain {
    bytes[] private leaves;
    bytes private header;
    bytes32 private commitment;

    function setUp() public override {
        super.setUp();
        commitment = _reveal(0, GENESIS_TIME);
        vm.deal(STRANGER, 100 ether);
        vm.prank(STRANGER);
        bema.fund{value: 5 ether}();
        vm.warp(GENESIS_TIME + 10);
        leaves.push(_goodRecord());
        leaves.push(_sampleLeaf(100, 1, commitment));
        leaves.push(_sampleLeaf(101, 1, commitment));
        leaves.push(_updateLeaf(1));
        leaves.push(_updateLeaf(3));
        leaves.push(_rewardLeaf(address(7), 2 ether));
        leaves.push(_rewardLeaf(address(8), 5 ether));
    }

    function testHonestBlockCannotBeRejected() public {
        header = _growWith(leaves);
        for (uint256 i = 0; i < leaves.length; ++i) {
            _refusesLeaf(i);
            for (uint256 j = i + 1; j < leaves.length; ++j) {
                _refusesPair(i, j);
            }
        }
        _assertStatus(header, BlockStatus.Pending);
    }

    function testEventAndRollback() public {
        leaves[3] = _updateLeaf(4);
        header = _growWith(leaves);
        bytes32 genesis = bema.genesisHash();
        IBema.LeafProof memory proof = _proofOf(leaves, 3);
        vm.expectEmit(address(bema));
        emit IBema.PoolFunded(founders[0], BOND, uint256(BOND) + 5 ether);
        vm.expectEmit(address(bema));
        emit IBema.BlockRejected(1, _sha256d(header), genesis, Fraud.UpdateOfUnknownParty, 0, "");
        vm.prank(STRANGER);
        bema.rejectFalseLeaf(header, uint32(leaves.length), proof);
        (bytes32 tip,,) = bema.tip();
        vm.assertEq(tip, genesis);
    }

    function testRejectsMalformedLeaves() public {
        bytes[7] memory malformed = [
            bytes(""),
            abi.encodePacked(leaves[1], uint8(0)),
            abi.encodePacked(uint8(0), uint8(5), commitment),
            abi.encodePacked(uint8(0), uint8(5), new bytes(74)),
            abi.encodePacked(uint8(1), uint8(4), address(7), uint256(1)),
            abi.encodePacked(uint8(0), uint8(0), address(7), uint256(1)),
            new bytes(53)
        ];
        for (uint256 i = 0; i < malformed.length; ++i) {
            leaves[0] = _goodRecord();
            leaves[1] = malformed[i];
            header = _growWith(leaves);
            _rejectsLeaf(1, Fraud.MalformedLeaf);
        }
    }

    /// @dev Each kind's tag under each other kind's length.
    function testRejectsTagsOfOtherLengths() public {
        uint8[4] memory kinds = [1, 2, 3, 4];
        uint8[4] memory lengths = [139, 76, 70, 54];
        for (uint256 i = 0; i < 16; ++i) {
            if (i / 4 == i % 4) continue;
            bytes memory leaf = new bytes(lengths[i % 4]);
            leaf[1] = bytes1(kinds[i / 4]);
            leaves[1] = leaf;
            header = _growWith(leaves);
            _rejectsLeaf(1, Fraud.MalformedLeaf);
        }
    }

    function testRejectsFirstLeafThatIsNoRecord() public {
        leaves[0] = _sampleLeaf(99, 1, commitment);
        header = _growWith(leaves);
        _rejectsLeaf(0, Fraud.FirstLeafNotRecord);
    }

    function testRejectsRecordOfOtherRules() public {
        bytes32[3] memory others = [RULES ^ bytes32(uint256(1)), bytes32(0), bytes32(type(uint256).max)];
        for (uint256 i = 0; i < others.length; ++i) {
            leaves[0] = _recordLeaf(others[i], founders[0], 2, 1);
            header = _growWith(leaves);
            _rejectsLeaf(0, Fraud.RecordOfOtherRules);
        }
    }

    function testRejectsRecordOfAnotherMiner() public {
        leaves[0] = _recordLeaf(RULES, founders[1], 2, 1);
        header = _growWith(leaves);
        _rejectsLeaf(0, Fraud.RecordOfOtherMiner);
        leaves[0] = _recordLeaf(RULES, founders[0], 1, 1);
        header = _growWith(leaves);
        _rejectsLeaf(0, Fraud.RecordOfOtherMiner);
    }

    /// @dev So many that some hash of miner info lies below the right one and some above.
    function testRejectsRecordOfAnyOtherMiner() public {
        for (uint160 account = 1; account <= 8; ++account) {
            leaves[0] = _recordLeaf(RULES, address(account), 0, 1);
            header = _growWith(leaves);
            _rejectsLeaf(0, Fraud.RecordOfOtherMiner);
        }
    }

    function testRejectsRecordOfAnotherHeight() public {
        leaves[0] = _recordLeaf(RULES, founders[0], 2, 2);
        header = _growWith(leaves);
        _rejectsLeaf(0, Fraud.RecordOfOtherHeight);
    }

    function testRejectsSampleNeverRevealed() public {
        leaves[1] = _sampleLeaf(100, 1, commitment ^ bytes32(uint256(1)));
        header = _growWith(leaves);
        _rejectsLeaf(1, Fraud.SampleNotRevealed);
    }

    function testRejectsSampleOfAnotherParty() public {
        leaves[1] = _sampleLeaf(100, 2, commitment);
        header = _growWith(leaves);
        _rejectsLeaf(1, Fraud.SampleOfOtherParty);
        leaves[1] = _sampleLeaf(100, 0, commitment);
        header = _growWith(leaves);
        _rejectsLeaf(1, Fraud.SampleOfOtherParty);
    }

    /// @dev In the very second of the submission is too late; a second before is in time.
    function testRejectsSampleRevealedLate() public {
        leaves[1] = _sampleLeaf(100, 1, _reveal(1, GENESIS_TIME + 20));
        header = _growWith(leaves);
        _rejectsLeaf(1, Fraud.SampleRevealedLate);
        vm.warp(GENESIS_TIME + 21);
        leaves[0] = _goodRecord();
        header = _growWith(leaves);
        _refusesLeaf(1);
    }

    function testRejectsSampleRevealedAfterTheBlock() public {
        bytes32 later = bema.batchCommitment(1, ROOT, CONTENT, bytes32(uint256(2)));
        leaves[1] = _sampleLeaf(100, 1, later);
        header = _growWith(leaves);
        vm.assertEq(_reveal(2, GENESIS_TIME + 30), later);
        _rejectsLeaf(1, Fraud.SampleRevealedLate);
    }

    function testRejectsUpdateOfUnknownParty() public {
        leaves[3] = _updateLeaf(0);
        header = _growWith(leaves);
        _rejectsLeaf(3, Fraud.UpdateOfUnknownParty);
        leaves[3] = _updateLeaf(4);
        header = _growWith(leaves);
        _rejectsLeaf(3, Fraud.UpdateOfUnknownParty);
    }

    function testRejectsRewardBeyondFunding() public {
        leaves[6] = _rewardLeaf(address(8), 5 ether + 1);
        header = _growWith(leaves);
        _rejectsLeaf(6, Fraud.RewardBeyondFunding);
    }

    function testRejectsEqualSamples() public {
        leaves[2] = leaves[1];
        header = _growWith(leaves);
        _rejectsPair(1, 2);
    }

    function testRejectsDescendingSamples() public {
        leaves[2] = _sampleLeaf(99, 1, commitment);
        header = _growWith(leaves);
        _rejectsPair(1, 2);
    }

    function testRejectsEqualAndDescendingUpdates() public {
        leaves[4] = _updateLeaf(1);
        header = _growWith(leaves);
        _rejectsPair(3, 4);
        leaves[3] = _updateLeaf(2);
        header = _growWith(leaves);
        _rejectsPair(3, 4);
    }

    function testRejectsEqualAndDescendingAccounts() public {
        leaves[6] = _rewardLeaf(address(7), 1 ether);
        header = _growWith(leaves);
        _rejectsPair(5, 6);
        leaves[6] = _rewardLeaf(address(6), 3 ether);
        header = _growWith(leaves);
        _rejectsPair(5, 6);
    }

    /// @dev What ascends is the party and the account alone: a second entry is no better for what follows it.
    function testRejectsPartyAndAccountTwiceWithGrowingRest() public {
        leaves[4] = abi.encodePacked(uint8(0), uint8(3), uint32(1), type(uint256).max, ROOT);
        header = _growWith(leaves);
        _rejectsPair(3, 4);
        leaves[6] = _rewardLeaf(address(7), 3 ether);
        header = _growWith(leaves);
        _rejectsPair(5, 6);
    }

    function testRejectsTagsOutOfOrder() public {
        bytes memory sample = leaves[1];
        leaves[1] = leaves[3];
        leaves[3] = sample;
        header = _growWith(leaves);
        _rejectsPair(1, 2);
        // Read as the first one's kind, the second leaf would be above it.
        leaves[0] = _goodRecord();
        leaves[2] = _sampleLeaf(type(uint256).max, 1, commitment);
        header = _growWith(leaves);
        _rejectsPair(1, 2);
    }

    function testRejectsSecondRecord() public {
        leaves[1] = leaves[0];
        header = _growWith(leaves);
        _rejectsPair(0, 1);
        // There is one record, so it has nothing to ascend by, whatever it says.
        leaves[0] = _recordLeaf(0, founders[0], 2, 1);
        leaves[1] = _recordLeaf(bytes32(type(uint256).max), founders[0], 2, 1);
        header = _growWith(leaves);
        _rejectsPair(0, 1);
    }

    /// @dev Not only neighbours: what lies between may be withheld.
    function testRejectsLeavesThatAreFarApart() public {
        leaves[4] = leaves[1];
        header = _growWith(leaves);
        _rejectsPair(1, 4);
    }

    function testRefusesIndicesThatDoNotAscend() public {
        leaves[2] = leaves[1];
        header = _growWith(leaves);
        IBema.LeafProof memory first = _proofOf(leaves, 1);
        IBema.LeafProof memory second = _proofOf(leaves, 2);
        vm.expectRevert(abi.encodeWithSelector(IBema.IndicesNotAscending.selector, 2, 1));
        bema.rejectUnorderedLeaves(header, uint32(leaves.length), second, first);
        vm.expectRevert(abi.encodeWithSelector(IBema.IndicesNotAscending.selector, 1, 1));
        bema.rejectUnorderedLeaves(header, uint32(leaves.length), first, first);
    }

    function testRejectsDecreasedReward() public {
        header = _growWith(leaves);
        bytes[] memory later = _laterLeaves(2 ether - 1);
        bytes memory laterHeader = _growWith(later);
        IBema.LeafProof memory leaf = _proofOf(later, 1);
        IBema.LeafProof memory earlier = _proofOf(leaves, 5);
        bema.rejectDecreasedReward(laterHeader, 2, leaf, header, uint32(leaves.length), earlier);
        _assertStatus(laterHeader, BlockStatus.Orphaned);
        _assertStatus(header, BlockStatus.Pending);
    }

    function testEqualRewardIsNoDecrease() public {
        header = _growWith(leaves);
        bytes[] memory later = _laterLeaves(2 ether);
        bytes memory laterHeader = _growWith(later);
        _refusesDecrease(
            laterHeader,
            _proofOf(later, 1),
            _proofOf(leaves, 5),
            abi.encodeWithSelector(IBema.NoFraud.selector, _sha256d(laterHeader))
        );
    }

    /// @dev What an honest account earns grows; nobody may take its block away for that.
    function testGrownRewardIsNoDecrease() public {
        header = _growWith(leaves);
        bytes[] memory later = _laterLeaves(2 ether + 1);
        bytes memory laterHeader = _growWith(later);
        _refusesDecrease(
            laterHeader,
            _proofOf(later, 1),
            _proofOf(leaves, 5),
            abi.encodeWithSelector(IBema.NoFraud.selector, _sha256d(laterHeader))
        );
    }

    function testRefusesDecreaseBetweenAccounts() public {
        header = _growWith(leaves);
        bytes[] memory later = _laterLeaves(1 ether);
        _refusesDecrease(
            _growWith(later),
            _proofOf(later, 1),
            _proofOf(leaves, 6),
            abi.encodeWithSelector(IBema.AccountMismatch.selector, address(8), address(7))
        );
    }

    function testRefusesDecreaseOfOtherLeaves() public {
        header = _growWith(leaves);
        bytes[] memory later = _laterLeaves(1 ether);
        bytes memory laterHeader = _growWith(later);
        _refusesDecrease(
            laterHeader,
            _proofOf(later, 1),
            _proofOf(leaves, 4),
            abi.encodeWithSelector(IBema.NotRewardLeaf.selector, 4)
        );
        _refusesDecrease(
            laterHeader,
            _proofOf(later, 0),
            _proofOf(leaves, 5),
            abi.encodeWithSelector(IBema.NotRewardLeaf.selector, 0)
        );
    }

    function testRefusesDecreaseAgainstNoAncestor() public {
        header = _growWith(leaves);
        bytes[] memory later = _laterLeaves(1 ether);
        bytes memory laterHeader = _growWith(later);
        IBema.LeafProof memory leaf = _proofOf(leaves, 5);
        IBema.LeafProof memory other = _proofOf(later, 1);
        vm.expectRevert(abi.encodeWithSelector(IBema.NotAncestor.selector, 2, 1));
        bema.rejectDecreasedReward(header, uint32(leaves.length), leaf, laterHeader, 2, other);
        vm.expectRevert(abi.encodeWithSelector(IBema.NotAncestor.selector, 1, 1));
        bema.rejectDecreasedReward(header, uint32(leaves.length), leaf, header, uint32(leaves.length), leaf);
    }

    function testRefusesDecreaseAgainstOrphanedBlock() public {
        header = _growWith(leaves);
        _reject(header);
        _growChain(1, 1);
        bytes[] memory later = _laterLeaves(1 ether);
        _refusesDecrease(
            _growWith(later),
            _proofOf(later, 1),
            _proofOf(leaves, 5),
            abi.encodeWithSelector(IBema.BlockOrphaned.selector, _sha256d(header))
        );
    }

    function testRefusesUnprovedLeaves() public {
        leaves[3] = _updateLeaf(4);
        header = _growWith(leaves);
        IBema.LeafProof memory good = _proofOf(leaves, 3);
        IBema.LeafProof memory wrong = _proofOf(leaves, 3);
        wrong.preimage = _updateLeaf(5);
        _refusesUnproved(wrong, good);
        _refusesUnproved(good, wrong);
        bema.rejectFalseLeaf(header, uint32(leaves.length), good);
    }

    /// @dev Without a proof of both, an invented leaf beside any true one would reject an honest block.
    function testRefusesInventedLeafBesideATrueOne() public {
        header = _growWith(leaves);
        IBema.LeafProof memory first = _proofOf(leaves, 2);
        IBema.LeafProof memory second = _proofOf(leaves, 3);
        IBema.LeafProof memory invented = _proofOf(leaves, 2);
        invented.preimage = leaves[3];
        _refusesUnprovedPair(invented, second);
        invented = _proofOf(leaves, 3);
        invented.preimage = leaves[2];
        _refusesUnprovedPair(first, invented);
    }

    /// @dev Otherwise whoever invents an earlier reward would reject an honest block.
    function testRefusesInventedEarlierReward() public {
        header = _growWith(leaves);
        bytes[] memory later = _laterLeaves(2 ether);
        bytes memory laterHeader = _growWith(later);
        IBema.LeafProof memory leaf = _proofOf(later, 1);
        IBema.LeafProof memory earlier = _proofOf(leaves, 5);
        earlier.preimage = _rewardLeaf(address(7), 3 ether);
        try bema.rejectDecreasedReward(laterHeader, 2, leaf, header, uint32(leaves.length), earlier) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IBema.RootMismatch.selector));
        }
    }

    function testRefusesAfterTheWindow() public {
        leaves[3] = _updateLeaf(4);
        header = _growWith(leaves);
        IBema.LeafProof memory proof = _proofOf(leaves, 3);
        vm.warp(GENESIS_TIME + 10 + WINDOW + 1);
        bytes memory reason = abi.encodeWithSelector(
            IBema.ChallengeWindowClosed.selector, block.timestamp, GENESIS_TIME + 10 + WINDOW
        );
        vm.expectRevert(reason);
        bema.rejectFalseLeaf(header, uint32(leaves.length), proof);
        vm.expectRevert(reason);
        bema.rejectUnorderedLeaves(header, uint32(leaves.length), proof, proof);
        vm.expectRevert(reason);
        bema.rejectDecreasedReward(header, uint32(leaves.length), proof, header, uint32(leaves.length), proof);
        vm.warp(GENESIS_TIME + 10 + WINDOW);
        bema.rejectFalseLeaf(header, uint32(leaves.length), proof);
    }

    /// @dev A flipped bit in the proof of a fraud and nothing happens; untouched, it rejects.
    function testFuzzFlippedProof(uint256 bit) public {
        leaves[3] = _updateLeaf(4);
        header = _growWith(leaves);
        IBema.LeafProof memory proof = _proofOf(leaves, 3);
        bit = bound(bit, 0, 70 * 8 + 768 + 3 + 4 - 1);
        uint32 count = uint32(leaves.length);
        if (bit < 560) proof.preimage[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        else if (bit < 1_328) proof.siblings[(bit - 560) / 256] ^= bytes32(1 << ((bit - 560) % 256));
        else if (bit < 1_331) proof.index ^= uint32(1 << (bit - 1_328));
        else count ^= uint32(1 << (bit - 1_331));
        vm.assertFalse(_tryLeaf(count, proof));
        vm.assertTrue(_tryLeaf(uint32(leaves.length), _proofOf(leaves, 3)));
    }

    /// @dev For leaves of all kinds in any order: a pair is fraud exactly where it does not ascend strictly.
    function testFuzzOrder(uint256[2] memory kinds, uint32[2] memory ids) public {
        for (uint256 i = 0; i < 2; ++i) {
            kinds[i] = bound(kinds[i], 2, 4);
            ids[i] = uint32(bound(ids[i], 1, 3));
            if (kinds[i] == 2) leaves[i + 1] = _sampleLeaf(ids[i], 1, commitment);
            if (kinds[i] == 3) leaves[i + 1] = _updateLeaf(ids[i]);
            if (kinds[i] == 4) leaves[i + 1] = _rewardLeaf(address(uint160(ids[i])), 1);
        }
        header = _growWith(leaves);
        if (kinds[0] * 8 + ids[0] < kinds[1] * 8 + ids[1]) _refusesPair(1, 2);
        else _rejectsPair(1, 2);
    }

    /// @dev Reveals a batch of founder 1 at that time.
    function _reveal(uint256 salt, uint256 time) private returns (bytes32 revealed) {
        revealed = bema.batchCommitment(1, ROOT, CONTENT, bytes32(salt));
        vm.prank(founders[0]);
        bema.commitBatch(revealed);
        vm.roll(block.number + 1);
        vm.warp(time);
        vm.prank(founders[0]);
        bema.revealBatch(ROOT, CONTENT, bytes32(salt));
    }

    function _laterLeaves(uint256 cumulative) private view returns (bytes[] memory later) {
        later = new bytes[](2);
        later[0] = _goodRecord();
        later[1] = _rewardLeaf(address(7), cumulative);
    }

    function _rejectsLeaf(uint256 index, Fraud fraud) private {
        IBema.LeafProof memory proof = _proofOf(leaves, index);
        (bytes32 parent, uint32 height) = _expected();
        vm.expectEmit(address(bema));
        emit IBema.BlockRejected(height, _sha256d(header), parent, fraud, 0, "");
        bema.rejectFalseLeaf(header, uint32(leaves.length), proof);
        _assertStatus(header, BlockStatus.Orphaned);
    }

    function _rejectsPair(uint256 first, uint256 second) private {
        IBema.LeafProof memory one = _proofOf(leaves, first);
        IBema.LeafProof memory other = _proofOf(leaves, second);
        (bytes32 parent, uint32 height) = _expected();
        vm.expectEmit(address(bema));
        emit IBema.BlockRejected(height, _sha256d(header), parent, Fraud.LeavesOutOfOrder, 0, "");
        bema.rejectUnorderedLeaves(header, uint32(leaves.length), one, other);
        _assertStatus(header, BlockStatus.Orphaned);
    }

    function _expected() private view returns (bytes32 parent, uint32 height) {
        (, height,,) = bema.blockOf(_sha256d(header));
        bytes memory given = header;
        assembly ("memory-safe") {
            parent := mload(add(given, 32))
        }
    }

    function _refusesLeaf(uint256 index) private {
        IBema.LeafProof memory proof = _proofOf(leaves, index);
        bytes memory reason = abi.encodeWithSelector(IBema.NoFraud.selector, _sha256d(header));
        vm.expectRevert(reason);
        bema.rejectFalseLeaf(header, uint32(leaves.length), proof);
    }

    function _refusesPair(uint256 first, uint256 second) private {
        IBema.LeafProof memory one = _proofOf(leaves, first);
        IBema.LeafProof memory other = _proofOf(leaves, second);
        bytes memory reason = abi.encodeWithSelector(IBema.NoFraud.selector, _sha256d(header));
        vm.expectRevert(reason);
        bema.rejectUnorderedLeaves(header, uint32(leaves.length), one, other);
    }

    function _refusesDecrease(
        bytes memory laterHeader,
        IBema.LeafProof memory leaf,
        IBema.LeafProof memory earlier,
        bytes memory reason
    ) private {
        vm.expectRevert(reason);
        bema.rejectDecreasedReward(laterHeader, 2, leaf, header, uint32(leaves.length), earlier);
    }

    function _refusesUnprovedPair(IBema.LeafProof memory first, IBema.LeafProof memory second) private {
        try bema.rejectUnorderedLeaves(header, uint32(leaves.length), first, second) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IBema.RootMismatch.selector));
        }
    }

    /// @dev One of the two is wrong, and every function says which root it leads to.
    function _refusesUnproved(IBema.LeafProof memory first, IBema.LeafProof memory second) private {
        uint32 count = uint32(leaves.length);
        second.index = 4;
        bytes4 selector = IBema.RootMismatch.selector;
        try bema.rejectUnorderedLeaves(header, count, first, second) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(selector));
        }
        try bema.rejectFalseLeaf(header, count, second) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(selector));
        }
        try bema.rejectDecreasedReward(header, count, second, header, count, first) {
            vm.assertTrue(false);
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(selector));
        }
        second.index = 3;
    }

    function _tryLeaf(uint32 count, IBema.LeafProof memory proof) private returns (bool) {
        try bema.rejectFalseLeaf(header, count, proof) {
            return true;
        } catch {
            return false;
        }
    }
}

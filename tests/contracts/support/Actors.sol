// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBema} from "../../../contracts/interfaces/IBema.sol";
import {BlockStatus} from "../../../contracts/types/BlockStatus.sol";
import {PartyType} from "../../../contracts/types/PartyType.sol";
import {Chain} from "./Chain.sol";
import {Tree} from "./Tree.sol";

/// @notice Honest and hostile actors that a fuzzer lets act in any order, and a plain model of what should come of it.
/// @dev The model keeps the chain as a list and cuts it at a rejection; the contract knows neither lists nor loops.
contract Actors is Chain {
    struct Mined {
        bytes header;
        bytes32 parent;
        address miner;
        uint256 height;
        uint256 submittedAt;
        uint256 target;
        bool bondHeld;
        bool orphaned;
        bytes[] leaves;
    }

    struct Sample {
        bytes32 commitment;
        uint32 party;
        uint256 revealedAt;
    }

    address[4] internal actors;
    uint256[4] internal actorKeys;
    Mined[] internal mined;
    /// @dev Places in `mined`, from height 1 on.
    uint256[] internal chain;
    Sample[] internal samples;

    uint256 public cameIn;
    uint256 public wentOut;
    uint256 public slashed;
    uint256 public rejections;
    uint256 public claims;
    uint256 public refusals;
    uint256 public breaches;
    uint256 public joined;
    mapping(address account => uint256) public allotted;
    mapping(address account => uint256) public taken;
    mapping(address account => uint256) public mostAllotted;
    uint256 private _salt;
    mapping(uint32 party => bytes32) private _open;

    constructor() {
        setUp();
        _join();
        actors = [founders[0], founders[1], founders[2], JOINER];
        joined = 4;
    }

    // Honest

    function fund(uint256 amount) external {
        amount = bound(amount, 1, 5 ether);
        vm.deal(address(this), amount);
        bema.fund{value: amount}();
        cameIn += amount;
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 2 * uint256(WINDOW) / 3));
        vm.roll(block.number + 1);
    }

    function commitAndReveal(uint256 who) external {
        address account = _actor(who);
        uint32 party = bema.partyOf(account);
        bytes32 salt = bytes32(++_salt);
        bytes32 commitment = bema.batchCommitment(party, ROOT, CONTENT, salt);
        vm.prank(account);
        bema.commitBatch(commitment);
        vm.roll(block.number + 1);
        vm.prank(account);
        bema.revealBatch(ROOT, CONTENT, salt);
        samples.push(Sample({commitment: commitment, party: party, revealedAt: block.timestamp}));
        vm.warp(block.timestamp + 1);
    }

    /// @dev A block with one sample, in time, and with what its miner and that sample's owner earned so far.
    function mineHonestly(uint256 who, uint256 which, uint256 delay) external {
        vm.warp(block.timestamp + bound(delay, 1, 3 * uint256(SPACING)));
        (, uint32 height,) = bema.tip();
        bytes[] memory leaves = new bytes[](samples.length == 0 ? 2 : 3);
        address miner = _actor(who);
        leaves[0] = _recordLeaf(RULES, miner, uint8(_kind(miner)), height + 1);
        if (samples.length != 0) {
            Sample memory sample = samples[which % samples.length];
            leaves[1] = _sampleLeaf(which, sample.party, sample.commitment);
        }
        (uint256 funded,,) = bema.pool();
        uint256 fair = _lastReward(miner) + MAX_REWARD / 4;
        leaves[leaves.length - 1] = _rewardLeaf(miner, fair < funded ? fair : _lastReward(miner));
        _mineWith(miner, leaves);
    }

    /// @dev Takes what the latest final block with a reward for the account says.
    function claim(uint256 who, uint256 which) external {
        if (mined.length == 0) return;
        address account = _actor(who);
        Mined storage entry = mined[which % mined.length];
        uint256 last = entry.leaves.length - 1;
        bytes memory leaf = entry.leaves[last];
        uint256 cumulative = _word(leaf, 22);
        bytes32[] memory siblings = Tree.proof(_leafHashes(entry.leaves), last);
        uint256 finalisedHeight = _finalHeight();
        vm.prank(account);
        try bema.claimReward(entry.header, uint32(last + 1), uint32(last), cumulative, siblings) {
            if (keccak256(leaf) != keccak256(_rewardLeaf(account, cumulative))) ++breaches;
            if (entry.orphaned || block.timestamp <= entry.submittedAt + WINDOW) ++breaches;
            allotted[account] = cumulative;
            ++claims;
            (, uint256 claimed, uint32 seen) = bema.pool();
            if (seen > finalisedHeight || claimed > MAX_REWARD * finalisedHeight) ++breaches;
        } catch {
            ++refusals;
        }
    }

    function withdraw(uint256 who) external {
        address account = _actor(who);
        uint256 before = account.balance;
        vm.prank(account);
        try bema.withdraw(account) {
            taken[account] += account.balance - before;
            wentOut += account.balance - before;
        } catch {
            ++refusals;
        }
    }

    function withdrawBond(uint256 which) external {
        if (mined.length == 0) return;
        Mined storage entry = mined[which % mined.length];
        bytes32 blockHash = _sha256d(entry.header);
        bool mayLeave = entry.bondHeld && (entry.orphaned || block.timestamp > entry.submittedAt + WINDOW);
        vm.prank(entry.miner);
        try bema.withdrawBond(blockHash, address(0xb0d)) {
            if (!mayLeave) ++breaches;
            entry.bondHeld = false;
            wentOut += BOND;
        } catch {
            if (mayLeave) ++breaches;
            ++refusals;
        }
    }

    function rejectByVotes(uint256 which) external {
        if (mined.length == 0) return;
        uint256 place = which % mined.length;
        Mined storage entry = mined[place];
        bool allowed = !entry.orphaned && block.timestamp <= entry.submittedAt + WINDOW;
        bytes32 digest = bema.rejectionDigest(_sha256d(entry.header), REASON);
        try bema.rejectByVote(entry.header, REASON, _votes(digest, 2)) {
            if (!allowed) ++breaches;
            _cut(place);
        } catch {
            if (allowed) ++breaches;
            ++refusals;
        }
    }

    // Hostile

    /// @dev A block with a sample that nobody revealed, or a reward beyond all funds; whoever sees it proves it.
    function mineFalsely(uint256 who, uint256 kind, bool prove) external {
        vm.warp(block.timestamp + 1);
        address miner = _actor(who);
        (, uint32 height,) = bema.tip();
        bytes[] memory leaves = new bytes[](2);
        leaves[0] = _recordLeaf(RULES, miner, uint8(_kind(miner)), height + 1);
        leaves[1] = kind % 2 == 0
            ? _sampleLeaf(kind, 1, keccak256(abi.encode(kind)))
            : _rewardLeaf(miner, type(uint256).max - kind % 1_000);
        uint256 place = _mineWith(miner, leaves);
        if (!prove) return;
        bema.rejectFalseLeaf(mined[place].header, 2, _proofOf(leaves, 1));
        _cut(place);
    }

    function replayBlock(uint256 which) external {
        if (mined.length == 0) return;
        Mined storage entry = mined[which % mined.length];
        vm.deal(entry.miner, BOND);
        vm.prank(entry.miner);
        try bema.submitBlock{value: BOND}(entry.header, BODY, 1) {
            ++breaches;
        } catch {
            ++refusals;
        }
    }

    function stealBond(uint256 which) external {
        if (mined.length == 0) return;
        bytes32 blockHash = _sha256d(mined[which % mined.length].header);
        vm.prank(STRANGER);
        try bema.withdrawBond(blockHash, STRANGER) {
            ++breaches;
        } catch {
            ++refusals;
        }
    }

    /// @dev One founder's vote, once and twice, and a stranger's.
    function rejectWithoutQuorum(uint256 which, uint256 kind) external {
        if (mined.length == 0) return;
        Mined storage entry = mined[which % mined.length];
        bytes32 digest = bema.rejectionDigest(_sha256d(entry.header), REASON);
        bytes[] memory votes = _signatures(digest, 2);
        if (kind % 3 == 0) votes[1] = votes[0];
        else if (kind % 3 == 1) votes[1] = _sign(0xe71, digest);
        else votes[0] = hex"00";
        try bema.rejectByVote(entry.header, REASON, _joined(votes)) {
            ++breaches;
        } catch {
            ++refusals;
        }
    }

    /// @dev An approval that has been used, by somebody else.
    function replayApproval(uint160 account) external {
        Candidate memory candidate = _candidate();
        bytes memory approvals = _packed(_goodApprovals(candidate));
        candidate.account = address(account);
        if (bema.partyOf(candidate.account) != 0 || account == 0) return;
        vm.prank(candidate.account);
        try bema.registerRegularParty(
            candidate.modelCard, candidate.heldClasses, candidate.labelSpace, approvals
        ) {
            ++breaches;
        } catch {
            ++refusals;
        }
    }

    function copyCommitment(uint256 which) external {
        if (samples.length == 0) return;
        bytes32 commitment = samples[which % samples.length].commitment;
        vm.prank(JOINER);
        try bema.commitBatch(commitment) {
            ++breaches;
        } catch {
            ++refusals;
        }
    }

    // What should be

    function target() external view returns (IBema) {
        return bema;
    }

    function accountAt(uint256 index) external view returns (address) {
        return actors[index];
    }

    function bonds() external view returns (uint256 held) {
        for (uint256 i = 0; i < mined.length; ++i) {
            if (mined[i].bondHeld) held += BOND;
        }
    }

    function paidIn() external view returns (uint256) {
        return cameIn + mined.length * BOND;
    }

    /// @dev Linked by parent hash, every hash below its target, heights without gaps, statuses as in the model.
    function checkChain() external view {
        bytes32 parent = bema.genesisHash();
        for (uint256 i = 0; i < chain.length; ++i) {
            Mined storage entry = mined[chain[i]];
            vm.assertEq(entry.parent, parent);
            vm.assertEq(entry.height, i + 1);
            vm.assertFalse(entry.orphaned);
            parent = _sha256d(entry.header);
            vm.assertTrue(uint256(parent) < entry.target);
        }
        (bytes32 tip, uint32 height,) = bema.tip();
        vm.assertEq(tip, parent);
        vm.assertEq(height, chain.length);
        for (uint256 i = 0; i < mined.length; ++i) {
            Mined storage entry = mined[i];
            BlockStatus expected = entry.orphaned
                ? BlockStatus.Orphaned
                : block.timestamp > entry.submittedAt + WINDOW ? BlockStatus.Final : BlockStatus.Pending;
            _assertStatus(entry.header, expected);
        }
    }

    /// @dev The target that docs/protocol.md gives, from the list alone.
    function checkTarget() external view {
        uint256 base = _parameters().target;
        uint256 startedAt = GENESIS_TIME;
        uint256 expected = uint256(INTERVAL) * SPACING;
        for (uint256 height = INTERVAL; height <= chain.length; height += INTERVAL) {
            uint256 endedAt = mined[chain[height - 1]].submittedAt;
            uint256 elapsed = bound2(endedAt - startedAt, expected / 4, expected * 4);
            base = _scaled(base, elapsed, expected, _parameters().maxTarget);
            startedAt = endedAt;
        }
        (,, uint64 submittedAt) = bema.tip();
        vm.assertEq(bema.targetAt(submittedAt), base);
    }

    /// @dev floor(base * elapsed / expected), at most `most`; the products in 512 bits.
    function _scaled(uint256 base, uint256 elapsed, uint256 expected, uint256 most)
        private
        pure
        returns (uint256)
    {
        (uint256 high, uint256 low) = Math.mul512(base, elapsed);
        (uint256 mostHigh, uint256 mostLow) = Math.mul512(most, expected);
        bool beyond = high > mostHigh || (high == mostHigh && low > mostLow);
        return beyond ? most : Math.mulDiv(base, elapsed, expected);
    }

    /// @dev No honest block holds a sample that was not revealed in time: nobody can refute one.
    function checkSamples() external {
        for (uint256 i = 0; i < chain.length; ++i) {
            Mined storage entry = mined[chain[i]];
            if (entry.leaves.length != 3) continue;
            bytes memory header = entry.header;
            try bema.rejectFalseLeaf(header, 3, _proofOf(entry.leaves, 1)) {
                vm.assertTrue(false, "an honest block was rejected");
            } catch {}
        }
    }

    function bound2(uint256 value, uint256 least, uint256 most) internal pure returns (uint256) {
        return value < least ? least : value > most ? most : value;
    }

    function _mineWith(address miner, bytes[] memory leaves) private returns (uint256 place) {
        (bytes32 parent, uint32 height,) = bema.tip();
        uint256 needed = bema.targetAt(block.timestamp);
        bytes memory header = _mine(Tree.root(_leafHashes(leaves)), miner, _kind(miner), true);
        _send(miner, header, uint32(leaves.length));
        place = mined.length;
        mined.push();
        Mined storage entry = mined[place];
        entry.header = header;
        entry.parent = parent;
        entry.miner = miner;
        entry.height = height + 1;
        entry.submittedAt = block.timestamp;
        entry.target = needed;
        entry.bondHeld = true;
        entry.leaves = leaves;
        chain.push(place);
    }

    function _cut(uint256 place) private {
        mined[place].bondHeld = false;
        slashed += BOND;
        ++rejections;
        uint256 height = mined[place].height;
        while (chain.length >= height) {
            mined[chain[chain.length - 1]].orphaned = true;
            chain.pop();
        }
    }

    function _finalHeight() private view returns (uint256 height) {
        while (height < chain.length && block.timestamp > mined[chain[height]].submittedAt + WINDOW) ++height;
    }

    function _lastReward(address account) private view returns (uint256 cumulative) {
        for (uint256 i = chain.length; i > 0; --i) {
            Mined storage entry = mined[chain[i - 1]];
            bytes memory leaf = entry.leaves[entry.leaves.length - 1];
            if (entry.miner != account || leaf.length != 54) continue;
            uint256 given = _word(leaf, 22);
            return given < type(uint96).max ? given : 0;
        }
    }

    function _word(bytes memory data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), offset))
        }
    }

    function _actor(uint256 who) private view returns (address) {
        return actors[who % 4];
    }

    function _kind(address account) private view returns (PartyType kind) {
        (kind,) = bema.standingOf(account);
    }
}

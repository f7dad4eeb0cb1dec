"""Rollbacks of any depth, suspensions in mid-history and rewards: replayed exactly, and cheating on them found."""

from dataclasses import replace

import pytest
from cheating import lie, with_body, wrong_count
from tiny_network import BOND, FOUNDERS, FUNDING, INTERVAL, RULES, TinyNetwork, settle_accounts, tiny_network

from bema_py.chain.contract import BlockStatus
from bema_py.chain.dispute_calls import LeafProof, ProvenLeaf
from bema_py.chain.events import BlockRejected, Fraud, PartySuspended
from bema_py.core.errors import PolicyError
from bema_py.core.leaves import RewardLeaf
from bema_py.core.merkle import merkle_proof
from bema_py.core.types import BlockHash
from bema_py.roles.assembly import AssembledBlock
from bema_py.roles.auditor import AuditReport, audit
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.checks import Check, Status
from bema_py.roles.content import load_body
from bema_py.roles.network import TipRefusedError, read_ledger
from bema_py.roles.payment import claim, withdraw_bonds


def audited(tiny: TinyNetwork) -> AuditReport:
    network = tiny.network
    return audit(network.deployment, network.events(), network.store)


def false_checks(tiny: TinyNetwork) -> set[Check]:
    return {each.check for each in audited(tiny).book.findings if each.status is Status.FALSE}


def notices(report: AuditReport) -> list[str]:
    return [each.message for each in report.book.findings if each.check is Check.REJECTION]


def mine_empty(tiny: TinyNetwork, count: int, worker: BlockMiner | None = None) -> list[BlockHash]:
    worker = worker or BlockMiner(tiny.network, tiny.miner)
    return [worker.mine().header.hash() for _ in range(count)]


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
def test_a_rollback_restores_what_stood_before(fresh: TinyNetwork, depth: int) -> None:
    """Blocks 4 and 5 lie in two periods, so the deeper rollbacks cross a retarget."""
    worker = BlockMiner(fresh.network, fresh.miner)
    fresh.play(1, lambda: worker)
    mine_empty(fresh, 5 - depth + (depth == 5), worker)
    kept = 6 - depth if depth < 5 else 2
    before = fresh.network.history()
    standing = read_ledger(fresh.network, before, kept)
    target = before.blocks[kept - 1].target
    orphans = mine_empty(fresh, kept + depth - len(before.blocks), worker)
    assert len(fresh.network.history().blocks) == kept + depth
    fresh.reject(kept + 1)
    history = fresh.network.history()
    assert history.blocks == before.blocks[:kept]
    assert read_ledger(fresh.network, history) == standing
    assert [each.rejected for each in history.orphans] == [True] + [False] * (depth - 1)
    assert fresh.network.contract.tip().block_hash == history.blocks[-1].block_hash
    assert fresh.network.contract.block_of(orphans[-1]).status is BlockStatus.ORPHANED
    fresh.play(1, lambda: worker)
    mine_empty(fresh, INTERVAL, worker)
    report = audited(fresh)
    assert (report.mismatches, report.missing, len(report.orphans)) == (0, 0, depth)
    assert report.recomputed == len(report.blocks) == kept + 1 + INTERVAL
    assert {block.target for block in fresh.network.history().blocks} > {target}


def test_samples_of_an_orphaned_block_are_free_again(fresh: TinyNetwork) -> None:
    worker = BlockMiner(fresh.network, fresh.miner)
    fresh.play(1, lambda: worker)
    first = load_body(fresh.network.store, fresh.network.history().blocks[0].body_digest)
    assert first.samples
    fresh.reject(1)
    mine_empty(fresh, 1, worker)
    again = load_body(fresh.network.store, fresh.network.history().blocks[0].body_digest)
    assert (again.batches, again.samples, again.updates) == (first.batches, first.samples, first.updates)
    assert audited(fresh).mismatches == 0


def test_a_false_block_is_refused_rejected_explained_and_built_around(fresh: TinyNetwork) -> None:
    honest = BlockMiner(fresh.network, fresh.stranger)
    mine_empty(fresh, 1, honest)
    lie(fresh)
    with pytest.raises(TipRefusedError, match="calibration record: judged is 1, recomputed 0"):
        honest.mine()
    fresh.reject(2, "it claims a sample that nobody offered")
    assert honest.mine().header.parent == fresh.network.history().blocks[0].block_hash
    report = audited(fresh)
    assert (report.exit_code, report.recomputed) == (0, 2)
    (notice,) = notices(report)
    assert "2 votes, reason: it claims a sample that nobody offered" in notice
    assert "found in it: calibration record: judged is 1, recomputed 0" in notice


def test_a_rejection_of_an_honest_block_is_told_as_such(fresh: TinyNetwork) -> None:
    mine_empty(fresh, 2)
    fresh.reject(1)
    first, second = notices(audited(fresh))
    assert "nothing false is found in it" in first
    assert "with its ancestor" in second


def forge_height(block: AssembledBlock) -> AssembledBlock:
    return replace(block, body=replace(block.body, record=replace(block.body.record, height=9)))


def test_a_proof_of_fraud_is_recomputed_and_another_fraud_is_not_believed(fresh: TinyNetwork) -> None:
    lie(fresh, forge_height)
    event = fresh.network.history().blocks[0]
    body = load_body(fresh.network.store, event.body_digest)
    proof = LeafProof(0, body.record.preimage(), merkle_proof(body.leaves(), 0))
    proven = ProvenLeaf(event.header, event.leaf_count, proof)
    fresh.network.contract.reject_false_leaf(fresh.stranger, proven)
    report = audited(fresh)
    assert report.exit_code == 0
    assert "by proof: record of other height" in notices(report)[0]
    events = fresh.network.events()
    for fraud in (Fraud.RECORD_OF_OTHER_MINER, Fraud.LEAVES_OUT_OF_ORDER, 77):
        forged = [replace(each, fraud=fraud) if isinstance(each, BlockRejected) else each for each in events]
        network = fresh.network
        found = audit(network.deployment, forged, network.store).book.findings
        assert Check.REJECTION in {each.check for each in found if each.status is Status.FALSE}


def test_a_suspended_party_is_no_member_and_its_batches_are_void(fresh: TinyNetwork) -> None:
    fresh.play(1)
    waiting = fresh.parties[2]
    fresh.offer(waiting)
    mine_empty(fresh, 1)
    fresh.offer(waiting)
    fresh.suspend(waiting)
    mine_empty(fresh, 1)
    mine_empty(fresh, 1)
    fresh.offer(fresh.parties[0])
    mine_empty(fresh, 1)
    history = fresh.network.history()
    assert [party.party for party in history.members_at(3, RULES)] == [1, 2, 3, 4]
    assert [party.party for party in history.members_at(4, RULES)] == [1, 2, 4]
    report = audited(fresh)
    assert (report.mismatches, report.recomputed) == (0, 5)


def test_a_batch_that_nobody_listed_is_void_after_its_partys_suspension(
    fresh: TinyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine_empty(fresh, 1)
    fresh.offer(fresh.parties[2])
    fresh.suspend(fresh.parties[2])
    with monkeypatch.context() as patch:
        patch.setattr("bema_py.roles.block_miner.eligible", lambda *_: ())
        mine_empty(fresh, 1)
    worker = BlockMiner(fresh.network, fresh.miner)
    assert worker.draft().assembled.body.batches == ()
    monkeypatch.setattr("bema_py.roles.block_miner.eligible", lambda batches, *_: tuple(batches.values()))
    worker.mine()
    assert Check.BATCHES in false_checks(fresh)


@pytest.mark.parametrize("changes", [{"deadline": 1}, {"signatures": ()}, {"reason": bytes(32)}])
def test_a_forged_suspension_is_found(played: TinyNetwork, changes: dict[str, object]) -> None:
    network = played.network
    events = [
        replace(each, **changes) if isinstance(each, PartySuspended) else each for each in network.events()
    ]
    found = audit(network.deployment, events, network.store).book.findings
    assert Check.SUSPENSION in {each.check for each in found if each.status is Status.FALSE}


def test_one_founder_is_no_quorum(played: TinyNetwork) -> None:
    network = played.network
    events = [
        replace(each, signatures=each.signatures[:1]) if isinstance(each, BlockRejected) else each
        for each in network.events()
    ]
    found = audit(network.deployment, events, network.store).book.findings
    assert any(f"a quorum is {FOUNDERS}" in each.message for each in found)


def test_rewards_add_up_to_what_the_rules_allot(fresh: TinyNetwork) -> None:
    fresh.play(2)
    bodies = [load_body(fresh.network.store, each.body_digest) for each in fresh.network.history().blocks]
    used = sum(len(body.samples) for body in bodies)
    total = sum(leaf.cumulative for leaf in bodies[-1].rewards)
    assert total == 2 * RULES.block_reward + used * RULES.sample_reward
    owners = {leaf.owner for body in bodies for leaf in body.samples}
    assert len(bodies[-1].rewards) == len(owners) + 1


def test_the_pool_runs_dry(tmp_path_factory: pytest.TempPathFactory) -> None:
    tiny = tiny_network(tmp_path_factory.mktemp("dry"), funding=RULES.block_reward + 7)
    mine_empty(tiny, 3)
    bodies = [load_body(tiny.network.store, each.body_digest) for each in tiny.network.history().blocks]
    assert [body.rewards[0].cumulative for body in bodies] == [400, 407, 407]
    assert audited(tiny).mismatches == 0
    tiny.chain.close()


def test_without_money_there_are_no_reward_leaves(tmp_path_factory: pytest.TempPathFactory) -> None:
    tiny = tiny_network(tmp_path_factory.mktemp("poor"), funding=0)
    mine_empty(tiny, 1)
    assert load_body(tiny.network.store, tiny.network.history().blocks[0].body_digest).rewards == ()
    with pytest.raises(PolicyError, match="no final block allots anything"):
        claim(tiny.network, tiny.network.history(), tiny.miner)
    tiny.chain.close()


def take_more(block: AssembledBlock) -> AssembledBlock:
    (leaf,) = block.body.rewards
    return with_body(block, rewards=(replace(leaf, cumulative=leaf.cumulative + 1),))


def take_nothing(block: AssembledBlock) -> AssembledBlock:
    return with_body(block, rewards=())


def pay_a_friend(block: AssembledBlock) -> AssembledBlock:
    leaves = sorted([*block.body.rewards, RewardLeaf(b"\x77" * 20, 1)], key=lambda leaf: leaf.account)  # type: ignore[arg-type]
    return with_body(block, rewards=tuple(leaves))


@pytest.mark.parametrize("forge", [take_more, take_nothing, pay_a_friend])
def test_cheating_on_rewards_is_found(fresh: TinyNetwork, forge) -> None:  # type: ignore[no-untyped-def]
    lie(fresh, forge)
    assert false_checks(fresh) == {Check.REWARDS}


def test_rewards_are_claimed_once_and_bonds_come_back(fresh: TinyNetwork) -> None:
    mine_empty(fresh, 2)
    lie(fresh, wrong_count)
    fresh.reject(3)
    settle_accounts(fresh)
    network, history = fresh.network, fresh.network.history()
    assert len(history.returned) == 2
    assert withdraw_bonds(network, history, fresh.miner) == []
    assert history.claimed == {fresh.miner.address: 2 * RULES.block_reward}
    report = audited(fresh)
    assert report.mismatches == 0
    assert report.money == {
        "funded": FUNDING + BOND,
        "slashed": BOND,
        "bonds_held": 0,
        "claimed": 2 * RULES.block_reward,
        "withdrawn": 2 * RULES.block_reward,
        "balance": FUNDING + BOND - 2 * RULES.block_reward,
    }

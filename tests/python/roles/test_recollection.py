"""Replay and rehearsal: drawn from history and the public set, recomputed by the auditor."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cheating import cheat
from tiny_network import RULES, TinyNetwork, patterns, tiny_network

from bema_py.core.cid import cid_text, object_cid
from bema_py.core.leaves import SampleLeaf
from bema_py.core.public_set import PublicSet
from bema_py.core.types import BlockHash, Digest
from bema_py.roles.assembly import BlockContext
from bema_py.roles.auditor import AuditReport, audit
from bema_py.roles.checks import Check, Status
from bema_py.roles.ledger import Ledger
from bema_py.roles.network import read_ledger
from bema_py.roles.recollection import EarlierSampleError, recalled_samples, replay_draw
from bema_py.roles.sample_miner import samples_at
from bema_py.storage.memory_store import MemoryStore

PUBLIC = PublicSet(samples_at(patterns(99, 12), range(12)))
REPLAYED, REHEARSED = 5, 3
EXTENDED = replace(
    RULES,
    learners="scorers",
    tau=2**24,
    class_quota=4,
    replay=REPLAYED,
    rehearsal=REHEARSED,
    public_set=PUBLIC.digest(),
    shift=1,
)


@pytest.fixture
def extended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyNetwork]:
    store = MemoryStore()
    store.put_object(PUBLIC.to_bytes())
    tiny = tiny_network(tmp_path_factory.mktemp("extended"), store, rules=EXTENDED)
    yield tiny
    tiny.chain.close()


def audited(tiny: TinyNetwork) -> AuditReport:
    return audit(tiny.network.deployment, tiny.network.events(), tiny.network.store)


def test_blocks_under_all_extensions_pass_the_audit(extended: TinyNetwork) -> None:
    extended.play(2)
    network, history = extended.network, extended.network.history()
    report = audited(extended)
    assert (report.exit_code, report.recomputed) == (0, 2)
    ledger = read_ledger(network, history)
    labels = [leaf.label for leaf in ledger.used.values()]
    assert len(labels) > REPLAYED
    recalled = recalled_samples(network.store, history, ledger, network.rules)
    public = {sample.id() for sample in PUBLIC.samples}
    assert [sample.sample_id in ledger.used for sample in recalled] == [True] * REPLAYED + [False] * REHEARSED
    assert {sample.sample_id for sample in recalled[REPLAYED:]} < public


def skip(context: BlockContext) -> BlockContext:
    return replace(context, recalled=())


def skip_replay(context: BlockContext) -> BlockContext:
    return replace(context, recalled=context.recalled[REPLAYED:])


def recall_less(context: BlockContext) -> BlockContext:
    return replace(context, recalled=context.recalled[:-1])


def choose_another(context: BlockContext) -> BlockContext:
    last = context.recalled[-1]
    return replace(context, recalled=(*context.recalled[:-1], replace(last, x=last.x[::-1])))


@pytest.mark.parametrize("context", [skip, skip_replay, recall_less, choose_another])
def test_a_miner_who_recalls_otherwise_is_named(
    extended: TinyNetwork, monkeypatch: pytest.MonkeyPatch, context: object
) -> None:
    extended.play(1)
    cheat(monkeypatch, extended, context=context)  # type: ignore[arg-type]
    found = audited(extended).book.findings
    false = [finding for finding in found if finding.status is Status.FALSE]
    assert {(finding.check, finding.place.block) for finding in false} == {(Check.CALIBRATION, 2)}


def test_a_rejected_block_is_not_replayed(extended: TinyNetwork) -> None:
    extended.play(1)
    before = extended.network.history()
    ledger = read_ledger(extended.network, before)
    extended.play(1)
    extended.reject(2)
    network, after = extended.network, extended.network.history()
    store, rules = network.store, network.rules
    assert recalled_samples(store, after, read_ledger(network, after), rules) == recalled_samples(
        store, before, ledger, rules
    )


def test_an_absent_public_set_is_missing_not_false(extended: TinyNetwork) -> None:
    extended.play(1)
    store = extended.network.store
    assert isinstance(store, MemoryStore)
    del store._blocks[cid_text(object_cid(Digest(EXTENDED.public_set)))]
    report = audited(extended)
    assert (report.exit_code, report.mismatches, report.missing) == (5, 0, 1)


def leaf(number: int, owner: int, label: int = 0) -> SampleLeaf:
    return SampleLeaf(bytes([number]) * 32, owner, bytes(32), 0, label, 1)


def test_samples_of_a_suspended_party_are_not_replayed() -> None:
    ledger = Ledger(used={entry.sample: entry for entry in (leaf(1, 1), leaf(2, 2), leaf(3, 1))})
    drawn = replay_draw(ledger, {1}, EXTENDED, BlockHash(bytes(32)))
    assert {entry.sample for entry in drawn} == {bytes([1]) * 32, bytes([3]) * 32}


def test_a_leaf_that_names_another_place_is_refused(extended: TinyNetwork) -> None:
    extended.play(1)
    network, history = extended.network, extended.network.history()
    ledger = read_ledger(network, history)
    for change in ({"index": 60}, {"index": 1}, {"commitment": bytes(32)}):
        wrong = {name: replace(entry, **change) for name, entry in ledger.used.items() if entry.index != 1}
        with pytest.raises(EarlierSampleError, match="is not at index"):
            recalled_samples(network.store, history, replace(ledger, used=wrong), network.rules)

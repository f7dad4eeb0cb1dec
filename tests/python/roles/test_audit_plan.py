"""An audit on several processes, of some of the blocks, and one that goes on: the same findings, nothing hidden."""

import gc
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import cast

import pytest
from cheating import Forge, cheat, lie, nudged, with_body, with_model, wrong_count
from multiformats import CID
from test_auditor import AlteredStore
from test_cheating_miner import _believe, start_elsewhere, steal_sample, use_unknown_sample
from tiny_network import TinyNetwork, tiny_network

from bema_py.core.types import BlockHash
from bema_py.roles import chain_walk, kept_blocks, recomputation
from bema_py.roles.assembly import AssembledBlock
from bema_py.roles.audit_jobs import in_turn
from bema_py.roles.audit_report import AuditReport, report_to_plain
from bema_py.roles.audit_scope import Scope, ScopeError, draw, select, spans
from bema_py.roles.audit_workers import SHARE, WorkerError, shares
from bema_py.roles.auditor import WHOLE, AuditPlan, audit
from bema_py.roles.chain_walk import BlockOutcome, by_height
from bema_py.roles.checks import Check, CheckBook, Status
from bema_py.roles.content import load_body
from bema_py.storage.content_store import ContentStore
from bema_py.storage.directory_store import StoreFaultError
from bema_py.storage.memory_store import MemoryStore

BLOCKS, FALSE_BLOCK = 4, 2


def move_parameter(block: AssembledBlock) -> AssembledBlock:
    party = block.body.updates[0].party
    return with_model(block, party, nudged(block.calibration.models[party]))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyNetwork]:
    """Four blocks, of which the second is false and stayed, and a rejected one above them."""
    tiny = tiny_network(tmp_path_factory.mktemp("planned"))
    tiny.play(1)
    with pytest.MonkeyPatch.context() as patch:
        cheat(patch, tiny, forge=move_parameter)
        patch.setattr("bema_py.roles.network.audit_block", _believe)
        tiny.play(2)
        lie(tiny)
    tiny.reject(BLOCKS + 1)
    yield tiny
    tiny.chain.close()


def audited(tiny: TinyNetwork, plan: AuditPlan = WHOLE, store: ContentStore | None = None) -> AuditReport:
    network = tiny.network
    return audit(network.deployment, network.events(), store or network.store, plan=plan)


def text(report: AuditReport) -> str:
    return json.dumps(report_to_plain(report), indent=1)


@pytest.fixture(scope="module")
def whole(played: TinyNetwork) -> AuditReport:
    return audited(played)


def test_a_false_block_that_stayed_is_named_and_the_audit_goes_on_from_its_claims(whole: AuditReport) -> None:
    assert [block.mismatches for block in whole.blocks] == [0, 1, 0, 0]
    assert (whole.recomputed, whole.verdict, whole.exit_code) == (BLOCKS, "false", 1)
    (orphan,) = whole.orphans
    assert orphan.recomputed
    assert "calibration record: judged" in whole.book.findings[-1].message


def interrupt_workers(_book: CheckBook) -> None:
    """Let the processes that have just been started hear the Ctrl-C that is their parent's to answer."""
    for worker in multiprocessing.active_children():
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGINT)


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_report_depends_on_no_number_of_processes_and_no_worker_on_interrupts(
    played: TinyNetwork, whole: AuditReport, jobs: int
) -> None:
    network, plan = played.network, AuditPlan(jobs=jobs)
    report = audit(network.deployment, network.events(), network.store, plan=plan, besides=interrupt_workers)
    assert text(report) == text(whole)


def test_every_subject_is_audited_once_and_long_runs_come_first() -> None:
    for count, jobs in ((1, 2), (5, 3), (528, 2), (528, 16)):
        runs = list(shares(range(count), jobs))
        assert [subject for run in runs for subject in run] == list(range(count))
        assert max(map(len, runs)) <= SHARE
        assert len(runs[-1]) == 1
        assert [len(run) for run in runs] == sorted(map(len, runs), reverse=True)


def test_outcomes_come_in_turn_however_they_are_found() -> None:
    outcomes = {number: object() for number in range(4)}
    found = iter([(number, cast(BlockOutcome, outcomes[number])) for number in (2, 0, 1, 3)])
    assert list(in_turn(found)) == list(outcomes.values())


def test_what_left_the_chain_is_audited_at_its_height_and_no_body_is_read_again(
    played: TinyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = played.network.history()
    assert by_height(history) == [0, 1, 2, 3, 4]
    shorter = replace(history, orphans=(replace(history.orphans[0], ancestors=history.blocks[:1]),))
    assert by_height(shorter) == [0, 1, 4, 2, 3]

    def read_again(_store: object, _digest: object) -> None:
        raise AssertionError("the ledger was at hand")

    monkeypatch.setattr(chain_walk, "load_body", read_again)
    assert audited(played).recomputed == BLOCKS


class DyingStore(MemoryStore):
    """A copy of a store that ends the worker process which reads from it."""

    def __init__(self, source: ContentStore) -> None:
        super().__init__()
        for cid in source.blocks():
            self.put_block(cid, source.get_block(cid))

    def _read(self, cid: CID, max_size: int) -> bytes:
        if multiprocessing.parent_process() is not None:
            os._exit(9)
        return super()._read(cid, max_size)


def test_a_worker_that_ends_is_an_error_and_no_endless_wait(played: TinyNetwork) -> None:
    with pytest.raises(WorkerError, match="ended before its block was done"):
        audited(played, AuditPlan(jobs=2), DyingStore(played.network.store))
    assert not multiprocessing.active_children()


def test_an_audit_leaves_the_collector_of_cycles_as_it_was(played: TinyNetwork) -> None:
    before = gc.get_freeze_count()
    audited(played)
    assert gc.get_freeze_count() == before


def test_lost_and_damaged_bodies_are_the_same_on_two_processes(played: TinyNetwork) -> None:
    network = played.network
    first, _, third, _ = network.history().blocks
    damaged = bytearray(network.store.get_object(first.body_digest))
    damaged[damaged.index(load_body(network.store, first.body_digest).updates[0].new)] ^= 1
    for digest, data in ((first.body_digest, bytes(damaged)), (third.body_digest, None)):
        store = AlteredStore(network.store, digest, data)
        one, two = (audited(played, AuditPlan(jobs=jobs), store) for jobs in (1, 2))
        assert text(one) == text(two)
    assert [block.recomputed for block in two.blocks] == [True, True, False, False]
    assert not two.orphans[0].recomputed


def test_outside_a_range_nothing_is_recomputed_and_the_report_says_so(played: TinyNetwork) -> None:
    report = audited(played, AuditPlan(Scope(FALSE_BLOCK + 1)))
    assert report.left_out == (1, FALSE_BLOCK)
    assert (report.recomputed, report.mismatches, report.exit_code) == (2, 0, 0)
    assert (report.verdict, report.selection) == ("consistent as far as checked", "blocks 3 to 4")
    assert report.orphans[0].recomputed
    assert {finding.status for finding in report.book.findings} == {Status.NOTICE}
    cheap = {check for check in Check if check.number < 600 or check in (Check.PUBLICATION, Check.REWARDS)}
    whole = audited(played)
    assert all(report.book.passed[check] == whole.book.passed[check] for check in cheap - {Check.PARAMETERS})
    assert report.book.passed[Check.CALIBRATION] < whole.book.passed[Check.CALIBRATION]
    short = audited(played, AuditPlan(Scope(1, FALSE_BLOCK)))
    assert (short.left_out, short.mismatches) == ((3, 4), 1)
    assert "did not recompute it" in short.book.findings[-1].message


def other_rewards(block: AssembledBlock) -> AssembledBlock:
    return with_body(block, rewards=block.body.rewards[1:])


@pytest.mark.parametrize(
    ("forge", "check"),
    [
        (wrong_count, Check.RECORD),
        (steal_sample, Check.JUDGEMENT),
        (use_unknown_sample, Check.JUDGEMENT),
        (start_elsewhere, Check.CALIBRATION),
        (other_rewards, Check.REWARDS),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_no_model_is_needed_for_is_found_without_recomputing(
    fresh: TinyNetwork, monkeypatch: pytest.MonkeyPatch, forge: Forge, check: Check
) -> None:
    fresh.play(1)
    cheat(monkeypatch, fresh, forge=forge)
    report = audited(fresh, AuditPlan(Scope(1, 1)))
    assert report.left_out == (2,)
    false = [each for each in report.book.findings if each.status is Status.FALSE]
    assert check in {each.check for each in false}
    assert {each.place.block for each in false} == {2}


def test_a_damaged_body_is_recomputed_even_outside_the_range(played: TinyNetwork) -> None:
    network = played.network
    event = network.history().blocks[0]
    data = bytearray(network.store.get_object(event.body_digest))
    data[data.index(load_body(network.store, event.body_digest).updates[0].new)] ^= 1
    store = AlteredStore(network.store, event.body_digest, bytes(data))
    report = audited(played, AuditPlan(Scope(4)), store)
    assert [block.recomputed for block in report.blocks] == [True, False, False, True]
    assert report.left_out == (2, 3)


def by_hash(tip: bytes, heights: range) -> list[int]:
    return sorted(heights, key=lambda height: sha256(tip + height.to_bytes(8, "big")).digest())


def test_a_share_is_drawn_by_a_rule_that_can_be_repeated(played: TinyNetwork) -> None:
    history = played.network.history()
    drawn = select(Scope(share=Fraction("0.3")), history)
    tip = history.blocks[-1].block_hash
    assert drawn.heights == set(by_hash(tip, range(1, BLOCKS + 1))[:2])
    assert tip.hex() in drawn.rule
    assert drawn.rule.startswith("2 of blocks 1 to 4, the share 3/10: ")
    report = audited(played, AuditPlan(Scope(share=Fraction("0.3"))))
    assert set(report.left_out) == {1, 2, 3, 4} - drawn.heights
    assert report.selection == drawn.rule
    other = BlockHash(bytes(range(32)))
    assert draw(other, range(1, 101), 10) == by_hash(other, range(1, 101))[:10]


@pytest.mark.parametrize("scope", [(3, 2, 1), (1, None, 0), (1, None, 2)])
def test_a_scope_that_chooses_nothing_is_refused(scope: tuple[int, int | None, int]) -> None:
    with pytest.raises(ScopeError):
        Scope(scope[0], scope[1], Fraction(scope[2]))


def test_a_range_above_the_tip_is_refused(played: TinyNetwork) -> None:
    with pytest.raises(ScopeError, match="the chain has 4 blocks"):
        audited(played, AuditPlan(Scope(5)))


def test_ranges_in_words() -> None:
    assert spans([1, 2, 3, 7, 9, 10]) == "1 to 3, 7, 9 to 10"
    assert not spans([])


@pytest.fixture
def assembled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The heights of the blocks that are assembled from now on."""
    heights: list[int] = []
    assemble = recomputation.assemble

    def noted(context, listed, progress=None):  # type: ignore[no-untyped-def]
        heights.append(context.height)
        return assemble(context, listed, progress)

    monkeypatch.setattr(recomputation, "assemble", noted)
    return heights


def without_repeated(report: AuditReport) -> dict[str, object]:
    plain = report_to_plain(report)
    del plain["repeated"]
    for verdict in (*plain["verdicts"], *plain["orphaned"]):
        del verdict["repeated"]
    return plain


def test_an_audit_goes_on_where_it_stopped(
    played: TinyNetwork, whole: AuditReport, tmp_path: Path, assembled: list[int]
) -> None:
    plan = AuditPlan(resume=tmp_path)
    network = played.network

    def interrupt(outcome: BlockOutcome) -> None:
        if outcome.verdict.height == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(network.deployment, network.events(), network.store, plan=plan, on_block=interrupt)
    assert assembled == [1, 2, 3]
    assembled.clear()
    report = audited(played, plan)
    # The false block and the orphan are recomputed again, so that their faults can be named.
    assert assembled == [FALSE_BLOCK, 4, 5]
    assert report.repeated == 2
    assert without_repeated(report) == without_repeated(whole)
    assembled.clear()
    assert audited(played, AuditPlan(jobs=1, resume=tmp_path)).repeated == 3
    assert assembled == [FALSE_BLOCK, 5]


def test_what_is_kept_counts_for_nothing_once_it_or_anything_below_changed(
    played: TinyNetwork, tmp_path: Path, assembled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = AuditPlan(Scope(1, 1), resume=tmp_path)
    audited(played, plan)
    (path,) = tmp_path.glob("*.block")
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], bytes([whole[0] ^ 1]) + whole[1:], whole[:40] + b"\x00" + whole[41:]):
        path.write_bytes(damaged)
        assembled.clear()
        assert audited(played, plan).repeated == 0
        assert assembled == [1]
        assert path.read_bytes() == whole
    assert audited(played, plan).repeated == 1
    network = played.network
    body = load_body(network.store, network.history().blocks[0].body_digest)
    opening = network.history().batches[body.batches[0]].opening
    assert opening is not None
    for digest in (opening.content_digest, body.updates[0].new):
        data = bytearray(network.store.get_object(digest))
        data[-1] ^= 1
        store = AlteredStore(network.store, digest, bytes(data))
        assert audited(played, plan, store).exit_code == 1
    monkeypatch.setattr(kept_blocks, "code_digest", lambda: bytes(32))
    assert audited(played, plan).repeated == 0


def test_another_blocks_file_under_a_blocks_name_counts_for_nothing(
    played: TinyNetwork, tmp_path: Path
) -> None:
    audited(played, AuditPlan(Scope(3, 4), resume=tmp_path))
    third, fourth, *_ = sorted(tmp_path.glob("*.block"))
    third.write_bytes(fourth.read_bytes())
    assert audited(played, AuditPlan(Scope(3, 4), resume=tmp_path)).repeated < 2


def test_an_interrupt_ends_the_workers_and_keeps_their_blocks(played: TinyNetwork, tmp_path: Path) -> None:
    network = played.network
    plan = AuditPlan(jobs=2, resume=tmp_path)

    def interrupt(outcome: BlockOutcome) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(network.deployment, network.events(), network.store, plan=plan, on_block=interrupt)
    deadline = time.monotonic() + 20
    while multiprocessing.active_children():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len(list(tmp_path.glob("*.block"))) >= 1
    assert audited(played, plan).repeated >= 1


@pytest.mark.parametrize(("jobs", "error"), [(1, StoreFaultError), (2, WorkerError)])
def test_a_directory_that_cannot_be_written_is_an_error_and_no_finding(
    played: TinyNetwork, tmp_path: Path, jobs: int, error: type[Exception]
) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(error, match="cannot write"):
        audited(played, AuditPlan(jobs=jobs, resume=path))

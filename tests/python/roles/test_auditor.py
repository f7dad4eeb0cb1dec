"""An honest history is clean; altered events and damaged content are named."""

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import count

import pytest
from tiny_network import OPEN, RULES, TinyNetwork

from bema_py.chain.events import Event
from bema_py.chain.packed_records import ApprovalOnRecord
from bema_py.core.cid import object_cid
from bema_py.core.types import Digest, PartyId
from bema_py.roles.auditor import AuditReport, audit
from bema_py.roles.checks import Check, Status
from bema_py.roles.content import load_body
from bema_py.roles.sample_miner import commit, prepare_batch, reveal, samples_at
from bema_py.storage.content_store import ContentStore
from bema_py.storage.memory_store import MemoryStore


def audit_tiny(tiny: TinyNetwork, events: list[Event] | None = None) -> AuditReport:
    network = tiny.network
    return audit(network.deployment, network.events() if events is None else events, network.store)


class AlteredStore(MemoryStore):
    """A copy of a store in which one block was removed or changed behind its identifier."""

    def __init__(self, source: ContentStore, digest: Digest, data: bytes | None) -> None:
        super().__init__()
        victim = object_cid(digest)
        for cid in source.blocks():
            if cid != victim:
                self.put_block(cid, source.get_block(cid))
            elif data is not None:
                self._write(cid, data)


def test_an_honest_history_is_recomputed_without_a_finding(played: TinyNetwork) -> None:
    report = audit_tiny(played)
    assert (report.recomputed, report.mismatches, report.missing, report.exit_code) == (3, 0, 0, 0)
    bodies = [load_body(played.network.store, event.body_digest) for event in played.network.history().blocks]
    assert all(body.samples and body.updates for body in bodies)
    unused = {check for check in Check if not report.book.passed[check]}
    elsewhere = {check for check in Check if check.number > 900}  # of files, in a run directory or a bundle
    assert unused == {Check.CODE, Check.STATEMENTS, Check.FAILURES} | elsewhere


def test_membership_starts_with_the_founders(played: TinyNetwork) -> None:
    history = played.network.history()
    assert [party.party for party in history.members_at(1, RULES)] == [1, 2]
    assert [party.party for party in history.members_at(2, RULES)] == [1, 2, 3, 4]


def altered(value: object) -> object:
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, int):
        return value ^ 1
    if isinstance(value, tuple):
        first: ApprovalOnRecord | bytes = value[0]
        if isinstance(first, bytes):
            return (altered(first), *value[1:])
        return (replace(first, signature=altered(first.signature)), *value[1:])
    raise AssertionError(f"no alteration for {value!r}")


UNPROVEN = {("PoolFunded", "from_"), ("BondReturned", "to"), ("RewardWithdrawn", "to")}
"""Who gave, and where money went: nothing else in the history depends on it, so only the manifest pins it."""


def alterations(events: list[Event]) -> Iterator[tuple[str, list[Event]]]:
    """Yield the history with each field of the first event of each kind changed, one at a time."""
    seen = set()
    for index, event in enumerate(events):
        kind = type(event)
        if kind in seen:
            continue
        seen.add(kind)
        for field in fields(kind):
            if field.name != "position":
                changed = replace(event, **{field.name: altered(getattr(event, field.name))})
                if (kind.__name__, field.name) in UNPROVEN:
                    continue
                yield f"{kind.__name__}.{field.name}", [*events[:index], changed, *events[index + 1 :]]


def test_every_altered_event_field_is_found(played: TinyNetwork) -> None:
    names = []
    for name, events in alterations(played.network.events()):
        # A digest that names nothing is missing content (5); everything else is false (1).
        digest = name.endswith(("model_card", "body_digest", "content_digest"))
        assert audit_tiny(played, events).exit_code in ({1, 5} if digest else {1}), name
        names.append(name)
    assert len(names) == 48


def test_an_omitted_repeated_or_displaced_event_is_found(played: TinyNetwork) -> None:
    events = played.network.events()
    last_block = max(index for index, event in enumerate(events) if type(event).__name__ == "BlockSubmitted")
    for index in range(last_block):
        assert audit_tiny(played, events[:index] + events[index + 1 :]).exit_code, index
    assert audit_tiny(played, [*events, events[-1]]).exit_code == 1
    assert audit_tiny(played, [events[1], events[0], *events[2:]]).exit_code == 1


def test_a_changed_approval_is_found(played: TinyNetwork) -> None:
    events = played.network.events()
    index = next(i for i, event in enumerate(events) if type(event).__name__ == "RegularPartyRegistered")
    event = events[index]
    for name, value in (("nonce", 999), ("deadline", 2**39), ("vouched_classes", 2)):
        first, *rest = event.approvals  # type: ignore[union-attr]
        changed = replace(event, approvals=(replace(first, **{name: value}), *rest))
        report = audit_tiny(played, [*events[:index], changed, *events[index + 1 :]])
        assert Check.APPROVAL in {finding.check for finding in report.book.findings}, name


def test_missing_content_is_missing_and_not_false(played: TinyNetwork) -> None:
    network = played.network
    body = network.history().blocks[1].body_digest
    opening = next(batch.opening for batch in network.history().batches.values() if batch.opening)
    for digest in (body, opening.content_digest, network.history().parties[1].model_card):
        store = AlteredStore(network.store, Digest(digest), None)
        report = audit(network.deployment, network.events(), store)
        assert (report.mismatches, report.exit_code) == (0, 5)
        assert any(object_cid(Digest(digest)).encode("base32") in f.message for f in report.book.findings)


def test_every_changed_byte_of_a_body_is_found_and_leaves_are_named(played: TinyNetwork) -> None:
    network = played.network
    event = network.history().blocks[-1]
    data = network.store.get_object(event.body_digest)
    body = load_body(network.store, event.body_digest)
    named = count()
    for offset in range(0, len(data), 101):
        changed = bytearray(data)
        changed[offset] ^= 1
        report = audit(
            network.deployment,
            network.events(),
            AlteredStore(network.store, event.body_digest, bytes(changed)),
        )
        assert report.exit_code == 1, offset
        if any(finding.place.leaf is not None for finding in report.book.findings):
            next(named)
    assert next(named) >= 5
    changed = bytearray(data)
    changed[data.index(body.updates[-1].new)] ^= 1
    report = audit(
        network.deployment, network.events(), AlteredStore(network.store, event.body_digest, bytes(changed))
    )
    calibration = [f for f in report.book.findings if f.check is Check.CALIBRATION]
    assert [(f.place.block, f.place.party) for f in calibration] == [(3, body.updates[-1].party)]
    assert calibration[0].place.leaf == len(body.samples) + len(body.updates)


def test_changed_rules_end_the_audit_with_their_name(played: TinyNetwork) -> None:
    network = played.network
    data = bytearray(network.store.get_object(network.deployment.rules_digest))
    data[-1] ^= 1
    store = AlteredStore(network.store, network.deployment.rules_digest, bytes(data))
    report = audit(network.deployment, network.events(), store)
    assert [(f.check, f.status) for f in report.book.findings] == [(Check.RULES, Status.FALSE)]


def test_a_batch_left_out_is_a_notice(fresh: TinyNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bema_py.roles.block_miner.eligible", lambda *_: ())
    fresh.play(1)
    monkeypatch.undo()
    report = audit_tiny(fresh)
    assert report.exit_code == 0
    assert {(f.check, f.status) for f in report.book.findings} == {(Check.BATCHES, Status.NOTICE)}


def test_a_copied_commitment_keeps_its_authors_time(fresh: TinyNetwork) -> None:
    """Whoever commits to the same hash later can never open it, and does not make the author's samples later."""
    network, (author, copier, *_) = fresh.network, fresh.parties
    samples = samples_at(author.data, range(3))
    pending = prepare_batch(network, PartyId(author.number), samples, fresh.salt)
    commit(network, author.signer, author.outbox, pending, OPEN)
    network.contract.commit_batch(copier.signer, pending.commitment)
    committed = network.events()[-2].position
    reveal(network, author.signer, author.outbox)
    batch = network.history().batches[pending.commitment]
    assert (batch.party, batch.committed) == (author.number, committed)
    assert audit_tiny(fresh).exit_code == 0

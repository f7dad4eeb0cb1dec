"""Checks of the data witness (10b): the statements a block rests on, and suspensions for failing it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bema_py.chain.deployment import Deployment
from bema_py.core.leaves import NO_STATEMENTS
from bema_py.core.rules import Rules
from bema_py.core.types import BlockHash, Commitment, Digest, PartyId
from bema_py.core.witness import SignedStatement
from bema_py.roles.assembly import ListedBatch
from bema_py.roles.checks import Check, CheckBook, Place, Status
from bema_py.roles.failures import FailureRecord
from bema_py.roles.hearing import (
    Parties,
    check_heard,
    check_statement,
    counting_statements,
    load_statements,
)
from bema_py.roles.history import History
from bema_py.roles.reasons import load_reason
from bema_py.storage.content_store import ContentStore

Heard = Mapping[Commitment, Sequence[SignedStatement]]


def read_statements(
    book: CheckBook, store: ContentStore, rules: Rules, recorded: Digest, place: Place
) -> Heard | None:
    """Return the statements that a calibration record names, by batch; None if they cannot be had."""
    if rules.witness is None or recorded == NO_STATEMENTS:
        return {}
    heard: dict[Commitment, list[SignedStatement]] = {}
    with book.reading(Check.STATEMENTS, place):
        for signed in load_statements(store, recorded).statements:
            heard.setdefault(signed.statement.commitment, []).append(signed)
        return heard
    return None


def with_statements(
    book: CheckBook,
    deployment: Deployment,
    authors: Parties,
    entry: ListedBatch,
    given: Sequence[SignedStatement],
    rules: Rules,
    place: Place,
) -> ListedBatch:
    """Check the statements about a listed batch and that enough founders were heard; only those that count are kept."""
    if rules.witness is None:
        return entry
    commitment = entry.on_chain.commitment
    with book.reading(Check.STATEMENTS, place):
        for signed in given:
            check_statement(deployment, authors, commitment, entry.batch, signed)
        check_heard(authors, commitment, entry.batch, given, rules.witness)
    counting = counting_statements(deployment, authors, commitment, entry.batch, given)
    return replace(entry, statements=counting)


def check_failures(book: CheckBook, store: ContentStore, history: History, record: FailureRecord) -> None:
    """Check every suspension for failing the data witness, and tell of parties that failed and are authors still."""
    if record.rules is None:
        return
    for party, suspension in sorted(history.suspensions.items()):
        place = Place(party=party)
        reason = None
        with book.reading(Check.FAILURES, place):
            reason = load_reason(store, suspension.reason)
        if reason is not None and reason.failed is not None:
            _check_failure(book, history, record, party, reason.failed)
    for party, height in sorted(record.tip.failed.items()):
        if not history.suspended(party):
            message = f"it failed the data witness too often by block {height} and is not suspended"
            book.note(Check.FAILURES, Status.NOTICE, message, Place(party=party))


def _check_failure(
    book: CheckBook, history: History, record: FailureRecord, party: PartyId, named: BlockHash
) -> None:
    """Check the sum of a suspended party at the block that its suspension names, as far as it is known."""
    place = Place(party=party)
    failures = record.at.get(named)
    if failures is not None:
        book.expect(
            Check.FAILURES,
            party in failures.failed,
            f"it was suspended for failing the data witness, but its sum was {failures.sums.get(party, 0)}",
            place,
        )
    elif not any(block.block_hash == named for block in history.blocks):
        message = "it was suspended for failing the data witness by a block that is not on the chain any more"
        book.note(Check.FAILURES, Status.NOTICE, message, place)
    elif party in record.tip.failed:
        book.expect(Check.FAILURES, True, "", place)
    else:
        message = (
            "it was suspended for failing the data witness, which cannot be judged: "
            f"block {record.gap} was not recomputed"
        )
        book.note(Check.FAILURES, Status.NOTICE, message, place)

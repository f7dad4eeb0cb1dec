"""Replays a history from contract events and content alone, and says what holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bema_py.chain.deployment import Deployment, open_contract
from bema_py.chain.events import BlockSubmitted, Event
from bema_py.core.errors import BemaError
from bema_py.core.types import BlockHash, hex0x
from bema_py.roles.batches import eligible
from bema_py.roles.block_audit import BlockAudit, Evidence, audit_block
from bema_py.roles.checks import Check, CheckBook, Place, Status
from bema_py.roles.commitment_checks import check_commitments
from bema_py.roles.content import ModelCache, load_rules
from bema_py.roles.decision_checks import check_decisions
from bema_py.roles.failures import FailureRecord
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger, advance
from bema_py.roles.money_checks import check_money
from bema_py.roles.network import Network
from bema_py.roles.orphan_audit import audit_orphan
from bema_py.roles.registration_checks import check_approvals, check_genesis, check_models, check_order
from bema_py.roles.replay import replay
from bema_py.roles.witness_checks import check_failures
from bema_py.storage.content_store import ContentMissingError, ContentStore

BlockDone = Callable[[BlockAudit], None]
Ledgers = dict[BlockHash | None, Ledger]
"""The ledger after each block by its hash, at None the one before block 1."""


@dataclass(frozen=True)
class BlockVerdict:
    """One line of the report: what a block did and whether recomputation agrees."""

    height: int
    block_hash: bytes
    miner: bytes
    judged: int | None
    used: int | None
    updates: int | None
    recomputed: bool
    mismatches: int
    missing: int


@dataclass(frozen=True)
class AuditReport:
    """The outcome of an audit: counts and findings of every check, and a verdict a block.

    `orphans` are the blocks that left the chain; what is false in them is no mismatch of it. `money` are the
    contract's figures in wei.
    """

    book: CheckBook
    blocks: tuple[BlockVerdict, ...]
    orphans: tuple[BlockVerdict, ...]
    money: Mapping[str, int]

    @property
    def recomputed(self) -> int:
        """Number of blocks whose calibration was recomputed in full."""
        return sum(1 for block in self.blocks if block.recomputed)

    @property
    def mismatches(self) -> int:
        """Number of false statements found."""
        return self.book.count(Status.FALSE)

    @property
    def missing(self) -> int:
        """Number of places where content could not be had."""
        return self.book.count(Status.MISSING)

    @property
    def exit_code(self) -> int:
        """0 if everything holds, 1 if anything is false, 5 if content is only missing."""
        if self.mismatches:
            return 1
        return 5 if self.missing else 0


def audit(
    deployment: Deployment,
    events: Sequence[Event],
    store: ContentStore,
    *,
    book: CheckBook | None = None,
    on_block: BlockDone | None = None,
) -> AuditReport:
    """Check a whole history: registrations, commitments, then every block recomputed from its parent models.

    A block that is false or cannot be recomputed is named, and the audit goes on from what it claims.
    """
    book = book or CheckBook()
    history = replay(events)
    models = ModelCache(store)
    check_order(book, deployment, events)
    check_genesis(book, deployment, history)
    check_approvals(book, deployment, history, events)
    check_models(book, history, store, models)
    check_commitments(book, deployment, events)
    check_decisions(book, deployment, history, events)
    money = check_money(book, deployment, history, store, events)
    evidence = _evidence(book, deployment, history, store, models)
    if evidence is None:
        return AuditReport(book, (), (), money)
    blocks, ledgers = _audit_blocks(book, evidence, on_block)
    orphans = _audit_orphans(book, evidence, ledgers)
    return AuditReport(book, tuple(blocks), tuple(orphans), money)


def audit_live(network: Network, store: ContentStore, *, on_block: BlockDone | None = None) -> AuditReport:
    """Audit a network from its chain's events and a store, after comparing the contract's code with the record."""
    book = CheckBook()
    with book.reading(Check.CODE):
        open_contract(network.contract.chain, network.deployment)
    return audit(network.deployment, network.events(), store, book=book, on_block=on_block)


def _evidence(
    book: CheckBook, deployment: Deployment, history: History, store: ContentStore, models: ModelCache
) -> Evidence | None:
    try:
        rules = load_rules(store, deployment.rules_digest)
    except ContentMissingError as error:
        book.note(Check.RULES, Status.MISSING, str(error))
        return None
    except BemaError as error:
        book.note(Check.RULES, Status.FALSE, str(error))
        return None
    book.expect(
        Check.RULES,
        rules.classes == deployment.parameters.classes,
        f"the rules have {rules.classes} classes, the contract {deployment.parameters.classes}",
    )
    roots = len(deployment.founders) if rules.witness is None else len(rules.witness.references)
    book.expect(
        Check.RULES,
        roots == len(deployment.founders),
        f"the rules name {roots} reference roots for {len(deployment.founders)} founders",
    )
    return Evidence(deployment, history, rules, store, models)


def _audit_blocks(
    book: CheckBook, evidence: Evidence, on_block: BlockDone | None
) -> tuple[list[BlockVerdict], Ledgers]:
    """Audit the chain as it stands; also returns the ledger after each block, as far as it is known."""
    ledger = Ledger()
    ledgers: Ledgers = {None: ledger}
    failures = FailureRecord(evidence.rules.witness)
    verdicts: list[BlockVerdict] = []
    blocks = evidence.history.blocks
    if evidence.history.genesis is None:
        return [_unreached(event) for event in blocks], ledgers
    for number, event in enumerate(blocks, start=1):
        result = audit_block(evidence, ledger, event)
        _note_left_out(result, evidence, ledger)
        failures.take(event.block_hash, result.assembled)
        book.merge(result.book)
        verdicts.append(_verdict(result))
        if on_block:
            on_block(result)
        if result.body is None:
            book.note(
                Check.BODY,
                Status.MISSING,
                f"without the body of block {event.height} no later block can be recomputed",
                Place(block=event.height),
            )
            verdicts.extend(_unreached(event) for event in blocks[number:])
            break
        ledger = advance(ledger, result.body)
        ledgers[event.block_hash] = ledger
    check_failures(book, evidence.store, evidence.history, failures)
    return verdicts, ledgers


def _audit_orphans(book: CheckBook, evidence: Evidence, ledgers: Ledgers) -> list[BlockVerdict]:
    """Check and explain the blocks that left the chain, in the order in which they came."""
    verdicts = []
    if evidence.history.genesis is None:
        return []
    for orphan in sorted(evidence.history.orphans, key=lambda each: each.event.position):
        parent = orphan.ancestors[-1].block_hash if orphan.ancestors else None
        ledger = ledgers.get(parent)
        result = audit_orphan(evidence, ledger, orphan)
        book.merge(result.book)
        verdicts.append(_verdict(result))
        if ledger is not None and result.body is not None:
            ledgers[orphan.event.block_hash] = advance(ledger, result.body)
    return verdicts


def _note_left_out(result: BlockAudit, evidence: Evidence, ledger: Ledger) -> None:
    """Report revealed batches that the miner left out: no offence, but worth knowing."""
    if result.body is None:
        return
    authors = {party.party for party in evidence.history.authors_at(ledger.height + 1)}
    for batch in eligible(evidence.history.batches, authors, ledger.listed, result.event.position.time):
        if batch.commitment not in result.body.batches:
            result.book.note(
                Check.BATCHES,
                Status.NOTICE,
                f"the miner left out batch {hex0x(batch.commitment)}",
                Place(block=result.event.height, party=batch.party),
            )


def _verdict(result: BlockAudit) -> BlockVerdict:
    record = result.body.record if result.body else None
    return BlockVerdict(
        height=result.event.height,
        block_hash=result.event.block_hash,
        miner=result.event.miner,
        judged=record.judged if record else None,
        used=record.used if record else None,
        updates=record.updates if record else None,
        recomputed=result.assembled is not None,
        mismatches=result.book.count(Status.FALSE),
        missing=result.book.count(Status.MISSING),
    )


def _unreached(event: BlockSubmitted) -> BlockVerdict:
    return BlockVerdict(event.height, event.block_hash, event.miner, None, None, None, False, 0, 1)


def report_to_plain(report: AuditReport) -> dict[str, Any]:
    """Return an audit's outcome as JSON-ready values."""
    return {
        "blocks": len(report.blocks),
        "recomputed": report.recomputed,
        "mismatches": report.mismatches,
        "missing": report.missing,
        "verdicts": [_verdict_to_plain(block) for block in report.blocks],
        "orphaned": [_verdict_to_plain(block) for block in report.orphans],
        # As text: other readers of JSON keep 53 bits.
        "money": {name: str(amount) for name, amount in report.money.items()},
        "checks": [
            {
                "number": check.number,
                "name": check.name.lower(),
                "meaning": check.meaning,
                "passed": report.book.passed[check],
            }
            for check in Check
        ],
        "findings": [finding.to_plain() for finding in report.book.findings],
    }


def _verdict_to_plain(block: BlockVerdict) -> dict[str, Any]:
    return {**asdict(block), "block_hash": hex0x(block.block_hash), "miner": hex0x(block.miner)}

"""Audits the blocks of a history, each by itself, in whatever order they are asked for."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import BlockSubmitted, Event
from bema_py.core.block_body import BlockBody
from bema_py.core.errors import BemaError
from bema_py.core.types import BlockHash, hex0x
from bema_py.roles.audit_report import BlockVerdict, verdict_of
from bema_py.roles.batches import eligible
from bema_py.roles.block_audit import BlockAudit, Evidence, audit_block
from bema_py.roles.checks import Check, CheckBook, Place, Status
from bema_py.roles.content import ModelCache, load_body, load_rules
from bema_py.roles.failures import CountedSample
from bema_py.roles.freed_memory import give_back
from bema_py.roles.history import History, OrphanedBlock
from bema_py.roles.kept_blocks import KeptBlocks
from bema_py.roles.ledger import Ledger, advance
from bema_py.roles.orphan_audit import audit_orphan
from bema_py.roles.replay import replay
from bema_py.storage.content_store import ContentMismatchError, ContentStore

GIVE_BACK_EVERY = 5
"""Blocks; each leaves some MiB that nothing refers to and Python does not look for yet."""
BRANCHES = 8
"""Ledgers that a walk keeps; subjects by height need that of the chain and those of branches of the same height."""
Lineage = tuple[BlockSubmitted, ...]
"""The blocks that a block stands on, from block 1 to its parent."""


@dataclass(frozen=True)
class BlockOutcome:
    """How one block came out, small enough to go from one process to another.

    `counted` are its samples that count for the data witness; None where it was not recomputed.
    """

    verdict: BlockVerdict
    book: CheckBook
    counted: tuple[CountedSample, ...] | None


Found = tuple[int, BlockOutcome | None]
"""A subject's number and how it came out; None for a block of the chain on one whose body cannot be had."""


@dataclass(frozen=True)
class AuditWork:
    """What a process needs to audit blocks by itself: plain data, and a store that reads by itself."""

    deployment: Deployment
    events: Sequence[Event]
    store: ContentStore
    heights: frozenset[int]
    resume: Path | None

    def walk(self) -> "ChainWalk":
        """Replay the events and open what the audit kept."""
        evidence = Evidence(
            self.deployment,
            replay(self.events),
            load_rules(self.store, self.deployment.rules_digest),
            self.store,
            ModelCache(self.store),
            KeptBlocks(self.resume) if self.resume else None,
        )
        return ChainWalk(evidence, self.heights)


@dataclass
class ChainWalk:
    """Audits single blocks of a chain, believing the anchored bodies of those before.

    `heights` are those to recompute. Subjects are numbered: the blocks of the chain, then the orphans in the order in
    which they came.
    """

    evidence: Evidence
    heights: Collection[int]
    _reached: OrderedDict[BlockHash, Ledger] = field(default_factory=OrderedDict)
    _lost: set[BlockHash] = field(default_factory=set)

    def audit(self, number: int) -> BlockOutcome | None:
        """Audit a subject; None for a block of the chain that stands on one whose body cannot be had."""
        blocks = self.evidence.history.blocks
        if number < len(blocks):
            return self._block(blocks[:number], blocks[number])
        return self._orphan(orphans_in_order(self.evidence.history)[number - len(blocks)])

    def _block(self, lineage: Lineage, event: BlockSubmitted) -> BlockOutcome | None:
        ledger = self._ledger_on(lineage)
        if ledger is None:
            return None
        chosen = len(lineage) + 1 in self.heights
        result = audit_block(self.evidence, ledger, event, calibrate=chosen)
        if event.height % GIVE_BACK_EVERY == 0:
            give_back()
        _note_left_out(result, self.evidence, ledger)
        verdict = verdict_of(result, left_out=not chosen)
        if result.body is None:
            message = f"without the body of block {event.height} no later block can be recomputed"
            result.book.note(Check.BODY, Status.MISSING, message, Place(block=event.height))
            self._lost.add(event.block_hash)
        else:
            self._remember(event, advance(ledger, result.body))
        return BlockOutcome(verdict, result.book, result.counted)

    def _orphan(self, orphan: OrphanedBlock) -> BlockOutcome:
        ledger = self._ledger_on(orphan.ancestors)
        chosen = len(orphan.ancestors) + 1 in self.heights
        result = audit_orphan(self.evidence, ledger, orphan, calibrate=chosen)
        verdict = verdict_of(result, left_out=not chosen)
        return BlockOutcome(verdict, result.book, result.counted)

    def _ledger_on(self, lineage: Lineage) -> Ledger | None:
        """Return the ledger after these blocks; None if the body of one of them cannot be had."""
        known = next(
            (depth for depth in range(len(lineage), 0, -1) if lineage[depth - 1].block_hash in self._reached),
            0,
        )
        ledger = self._recall(lineage[known - 1]) if known else Ledger()
        for depth, event in enumerate(lineage[known:], start=known):
            body = self._body(ledger, lineage[:depth], event)
            if body is None:
                return None
            ledger = advance(ledger, body)
            self._remember(event, ledger)
        return ledger

    def _recall(self, event: BlockSubmitted) -> Ledger:
        self._reached.move_to_end(event.block_hash)
        return self._reached[event.block_hash]

    def _remember(self, event: BlockSubmitted, ledger: Ledger) -> None:
        """Keep this ledger and a few of those before, where branches may begin: each holds all that was ever used."""
        self._reached[event.block_hash] = ledger
        self._reached.move_to_end(event.block_hash)
        if len(self._reached) > BRANCHES:
            self._reached.popitem(last=False)

    def _body(self, ledger: Ledger, lineage: Lineage, event: BlockSubmitted) -> BlockBody | None:
        """Read an anchored body; a damaged one is what recomputation gives, if that has its digest."""
        if event.block_hash in self._lost:
            return None
        body = None
        try:
            body = load_body(self.evidence.store, event.body_digest)
        except ContentMismatchError:
            seen = replace(self.evidence, history=replace(self.evidence.history, blocks=lineage))
            body = audit_block(seen, ledger, event).body
        except BemaError:
            pass
        if body is None:
            self._lost.add(event.block_hash)
        return body


def orphans_in_order(history: History) -> list[OrphanedBlock]:
    """Return the blocks that left the chain in the order in which they came."""
    return sorted(history.orphans, key=lambda each: each.event.position)


def by_height(history: History) -> list[int]:
    """Return the numbers of a history's subjects in the order in which one ledger leads to the next.

    What a block that left the chain builds on, ledger and models, is at hand when its height is audited.
    """
    orphans = orphans_in_order(history)
    heights = [*range(1, len(history.blocks) + 1), *(len(orphan.ancestors) + 1 for orphan in orphans)]
    return sorted(range(len(heights)), key=lambda subject: (heights[subject], subject))


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

"""One block checked against everything it must follow from: header, body, listed batches, calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import BlockSubmitted
from bema_py.core.block_body import BlockBody
from bema_py.core.errors import BemaError
from bema_py.core.header import BlockHeader, miner_info_hash
from bema_py.core.rules import Rules
from bema_py.core.types import PartyId, hex0x
from bema_py.learning.candidates import CandidateSample
from bema_py.learning.model import Model
from bema_py.learning.progress import Progress
from bema_py.roles.assembly import AssembledBlock, BlockContext, ListedBatch, block_context
from bema_py.roles.batches import load_listed, revealed_before
from bema_py.roles.checks import Check, CheckBook, Place, Status
from bema_py.roles.comparison import compare_bodies, compare_claims
from bema_py.roles.content import ModelCache, load_body
from bema_py.roles.failures import CountedSample
from bema_py.roles.history import History
from bema_py.roles.kept_blocks import KeptBlock, KeptBlocks
from bema_py.roles.ledger import Ledger
from bema_py.roles.recollection import recalled_samples
from bema_py.roles.recomputation import Recomputation, recompute
from bema_py.roles.witness_checks import read_statements, with_statements
from bema_py.storage.content_store import ContentMismatchError, ContentMissingError, ContentStore


@dataclass(frozen=True)
class Evidence:
    """What an audit works from: a deployment, its replayed history, its rules and the content.

    `kept` are the blocks that an earlier audit recomputed, where it was told to keep them.
    """

    deployment: Deployment
    history: History
    rules: Rules
    store: ContentStore
    models: ModelCache
    kept: KeptBlocks | None = None


@dataclass(frozen=True)
class BlockAudit:
    """How one block came out; `body` is the anchored body if it could be had, `recomputed` what it should be."""

    event: BlockSubmitted
    book: CheckBook
    body: BlockBody | None
    recomputed: Recomputation | None

    @property
    def assembled(self) -> AssembledBlock | None:
        """The block as it was assembled here; None where it was not, or an earlier audit did."""
        return self.recomputed.assembled if self.recomputed else None

    @property
    def counted(self) -> tuple[CountedSample, ...] | None:
        """The samples that count for the data witness; None where the block was not recomputed."""
        return self.recomputed.counted if self.recomputed else None


def audit_block(
    evidence: Evidence,
    ledger: Ledger,
    event: BlockSubmitted,
    progress: Progress | None = None,
    *,
    calibrate: bool = True,
) -> BlockAudit:
    """Recompute block `ledger.height + 1` from the parent models that the ledger names.

    Without `calibrate` only what needs no model's scores is checked, unless the body is damaged: nobody can go on from
    such a block that was not recomputed.
    """
    book = CheckBook()
    _check_header(book, evidence, ledger, event)
    body, damaged = _read_body(book, evidence, event)
    source = body or damaged
    if source is None:
        return BlockAudit(event, book, None, None)
    if body:
        _check_layout(book, event, body)
    listed = _read_listed(book, evidence, ledger, event, source)
    if body and not calibrate:
        if listed is not None:
            compare_claims(book, body, _context(evidence, ledger, event, {}), listed)
        _check_publication(book, evidence, event, body)
        return BlockAudit(event, book, body, None)
    models = _read_parents(book, evidence, ledger, event)
    if listed is None or models is None:
        return BlockAudit(event, book, body, None)
    recomputed = _recompute(book, evidence, ledger, event, models, listed, body, progress)
    if recomputed is None:
        return BlockAudit(event, book, body, None)
    if body is None and recomputed.body.digest() == event.body_digest:
        body = recomputed.body
    compare_bodies(book, source, recomputed, evidence.models)
    if body:
        _check_publication(book, evidence, event, body, recomputed.assembled)
    return BlockAudit(event, book, body, recomputed)


def _check_header(book: CheckBook, evidence: Evidence, ledger: Ledger, event: BlockSubmitted) -> None:
    height = ledger.height + 1
    place = Place(block=height)
    try:
        header = BlockHeader.decode(event.header)
    except BemaError as error:
        book.note(Check.PARENT, Status.FALSE, str(error), place)
        return
    parent, parent_position = evidence.history.parent_of(height)
    links = (event.height, event.block_hash, header.parent) == (height, header.hash(), parent)
    book.expect(
        Check.PARENT,
        links,
        f"the event states height {event.height}, hash {hex0x(event.block_hash)}, parent {hex0x(header.parent)}; "
        f"recomputed {height}, {hex0x(header.hash())}, {hex0x(parent)}",
        place,
    )
    rule = evidence.deployment.parameters.target_rule
    target = evidence.history.target_of(rule, height, event.position.time)
    book.expect(
        Check.WORK,
        int.from_bytes(header.hash(), "big") < event.target == target,
        f"hash {hex0x(header.hash())} with the event's target {event.target:#066x}, recomputed {target:#066x}",
        place,
    )
    book.expect(
        Check.TIME,
        parent_position.time <= header.timestamp <= event.position.time,
        f"header time {header.timestamp}, allowed are {parent_position.time} to {event.position.time}",
        place,
    )
    # A miner who registered only later mined this block as neither.
    party_type = evidence.history.party_type_of(event.miner, event.position)
    expected = miner_info_hash(event.miner, party_type)
    book.expect(
        Check.MINER_INFO,
        header.miner_info == expected,
        f"miner info is {hex0x(header.miner_info)}, recomputed {hex0x(expected)}",
        place,
    )


def _read_body(
    book: CheckBook, evidence: Evidence, event: BlockSubmitted
) -> tuple[BlockBody | None, BlockBody | None]:
    """Return the anchored body, or what a damaged copy of it still tells."""
    place = Place(block=event.height)
    try:
        body = load_body(evidence.store, event.body_digest)
    except ContentMissingError as error:
        book.note(Check.BODY, Status.MISSING, str(error), place)
        return None, None
    except ContentMismatchError as error:
        book.note(Check.BODY, Status.FALSE, f"the stored block body was changed: {error}", place)
        return None, _decode_damaged(error.data)
    except BemaError as error:
        book.note(Check.BODY, Status.FALSE, str(error), place)
        return None, None
    book.expect(Check.BODY, True, "", place)
    return body, None


def _decode_damaged(data: bytes) -> BlockBody | None:
    try:
        return BlockBody.from_bytes(data)
    except BemaError:
        return None


def _check_layout(book: CheckBook, event: BlockSubmitted, body: BlockBody) -> None:
    place = Place(block=event.height)
    with book.reading(Check.ROOT, place):
        leaves = body.leaves()
        root = body.root()
        header = BlockHeader.decode(event.header)
        book.expect(
            Check.ROOT,
            (len(leaves), root) == (event.leaf_count, header.merkle_root),
            f"the header commits to {event.leaf_count} leaves under {hex0x(header.merkle_root)}, the body gives "
            f"{len(leaves)} under {hex0x(root)}",
            place,
        )


def _read_listed(
    book: CheckBook, evidence: Evidence, ledger: Ledger, event: BlockSubmitted, body: BlockBody
) -> list[ListedBatch] | None:
    """Fetch and check every listed batch; None if one of them cannot be judged."""
    history = evidence.history
    authors = {party.party: party for party in history.authors_at(ledger.height + 1)}
    statements = read_statements(
        book, evidence.store, evidence.rules, body.record.statements, Place(block=event.height)
    )
    if statements is None:
        return None
    listed = []
    for commitment in body.batches:
        place = Place(block=event.height)
        on_chain = history.batches.get(commitment)
        if on_chain is None:
            book.note(Check.BATCHES, Status.FALSE, f"batch {hex0x(commitment)} is not on chain", place)
            continue
        place = Place(block=event.height, party=on_chain.party)
        in_time = revealed_before(on_chain, event.position.time)
        book.expect(
            Check.BATCHES,
            in_time and on_chain.party in authors and commitment not in ledger.listed,
            f"batch {hex0x(commitment)} "
            + (
                "was listed before" if commitment in ledger.listed else "is not an author's, revealed in time"
            ),
            place,
        )
        with book.reading(Check.BATCH_CONTENT, place):
            entry = load_listed(evidence.store, on_chain, evidence.rules)
            given = statements.get(commitment, ())
            listed.append(
                with_statements(book, evidence.deployment, authors, entry, given, evidence.rules, place)
            )
    return listed if len(listed) == len(body.batches) else None


def _read_parents(
    book: CheckBook, evidence: Evidence, ledger: Ledger, event: BlockSubmitted
) -> dict[PartyId, Model] | None:
    """Load the members' models at the parent block; None if one of them cannot be had."""
    members = evidence.history.members_at(ledger.height + 1, evidence.rules)
    models = {}
    for party in members:
        with book.reading(Check.PARAMETERS, Place(block=event.height, party=party.party)):
            models[party.party] = evidence.models.load(ledger.model_of(party))
    return models if len(models) == len(members) else None


def _context(
    evidence: Evidence,
    ledger: Ledger,
    event: BlockSubmitted,
    models: Mapping[PartyId, Model],
    recalled: tuple[CandidateSample, ...] = (),
) -> BlockContext:
    history = evidence.history
    return block_context(
        history,
        ledger,
        evidence.rules,
        evidence.deployment.parameters.max_reward_per_block,
        models,
        recalled,
        event.miner,
        history.party_type_of(event.miner, event.position),
    )


def _recompute(
    book: CheckBook,
    evidence: Evidence,
    ledger: Ledger,
    event: BlockSubmitted,
    models: Mapping[PartyId, Model],
    listed: Sequence[ListedBatch],
    body: BlockBody | None,
    progress: Progress | None,
) -> Recomputation | None:
    """Assemble the block anew; None where what it builds on is so wrong that nothing can be computed."""
    recomputed = None
    with book.reading(Check.CALIBRATION, Place(block=event.height)):
        recalled = recalled_samples(evidence.store, evidence.history, ledger, evidence.rules)
        context = _context(evidence, ledger, event, models, recalled)
        recomputed = recompute(context, listed, body, evidence.kept, progress)
    # Outside: that the directory of kept blocks is full says nothing about the block.
    if evidence.kept and recomputed and recomputed.name and recomputed.assembled:
        evidence.kept.keep(
            recomputed.name, KeptBlock(recomputed.body.digest(), recomputed.counted, recomputed.refused)
        )
    return recomputed


def _check_publication(
    book: CheckBook,
    evidence: Evidence,
    event: BlockSubmitted,
    body: BlockBody,
    assembled: AssembledBlock | None = None,
) -> None:
    """Check that whoever continues from this block can read every model it changed."""
    right = assembled.body.updates if assembled else ()
    for index, update in enumerate(body.updates, start=1 + len(body.samples)):
        with book.reading(Check.PUBLICATION, Place(event.height, index, update.party)):
            if assembled and update in right:
                model = assembled.calibration.models[update.party]
                evidence.models.confirm(update.new, assembled.cards[update.party], model)
            else:
                evidence.models.load(update.new)

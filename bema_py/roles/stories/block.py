"""The story of one block."""

from collections import Counter
from dataclasses import dataclass

from bema_py.chain.events import BlockSubmitted
from bema_py.core.block_body import BlockBody
from bema_py.core.errors import BemaError
from bema_py.core.header import BlockHeader
from bema_py.core.leaves import SampleLeaf
from bema_py.core.types import BlockHash, Commitment, Digest, ModelDigest, PartyId
from bema_py.learning.margin import Verdict
from bema_py.roles.batches import eligible
from bema_py.roles.content import load_body
from bema_py.roles.ledger import Ledger
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.facts import Gap, Moment, Money, Who, Wide, author, gap, moment, who
from bema_py.roles.stories.known_blocks import KnownBlock, known_blocks
from bema_py.roles.stories.rebuilding import Fate, RebuiltBlock, rebuild, treatments
from bema_py.roles.stories.standing import Standing, standing_of

HASHES = 2**256


@dataclass(frozen=True)
class ListedBatchFacts:
    """A batch that a block listed; `samples` counts them where the content could be read.

    Only a false block lists a commitment that nobody made: then all else is None.
    """

    commitment: Commitment
    author: Who | None
    committed: Moment | None
    revealed: Moment | None
    samples: int | None


@dataclass(frozen=True)
class MovedModel:
    """A model that a block changed, and the steps it took where the block was recomputed."""

    party: PartyId
    old: ModelDigest
    new: ModelDigest
    enhanced: int | None
    impaired: int | None


@dataclass(frozen=True)
class Allotment:
    """What a block allotted to an account, and all that the account was allotted up to it."""

    who: Who
    amount: Money
    cumulative: Money


@dataclass(frozen=True)
class BlockContent:
    """What a block's body says; `left_out` are the batches that it could have listed."""

    batches: tuple[ListedBatchFacts, ...]
    left_out: tuple[Commitment, ...]
    judged: int
    used: int
    samples: tuple[SampleLeaf, ...]
    models: tuple[MovedModel, ...]
    allotments: tuple[Allotment, ...]


@dataclass(frozen=True)
class Judging:
    """How the samples of a block's batches came out, computed anew, and what the block says otherwise."""

    fates: dict[Fate, int]
    refused: dict[Verdict, int]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class BlockStory:
    """One block: who found it, on what, with how much work, what it did and what became of it.

    `header_time` is the miner's, `moment` that of the submission. `target` is what the hash had to stay below, `work`
    the hashes that takes on average. `rivals` are the other blocks ever accepted at its height. What the content
    tells is None where it cannot be had, and `gaps` says why.
    """

    height: int
    block_hash: BlockHash
    moment: Moment
    miner: Who
    parent: BlockHash
    parent_time: int
    header_time: int
    nonce: Wide
    target: Wide
    work: Wide
    merkle_root: Digest
    body_digest: Digest
    leaf_count: int
    standing: Standing
    rivals: tuple[BlockHash, ...]
    content: BlockContent | None
    judging: Judging | None
    gaps: tuple[Gap, ...]


def block_story(archive: Archive, block: KnownBlock) -> BlockStory:
    """Gather all that is to be said of a block, recomputing it where the content is there."""
    event = block.event
    header = BlockHeader.decode(event.header)
    gaps: list[Gap] = []
    body = _body(archive, block, gaps)
    made = _recompute(archive, block, gaps) if body else None
    seen = archive.on_chain_of(block.ancestors)
    _, parent_position = seen.history.parent_of(len(block.ancestors) + 1)
    return BlockStory(
        height=event.height,
        block_hash=event.block_hash,
        moment=moment(event.position),
        miner=who(archive.history, event.miner),
        parent=header.parent,
        parent_time=parent_position.time,
        header_time=header.timestamp,
        nonce=Wide(header.nonce),
        target=Wide(event.target),
        work=Wide(HASHES // max(event.target, 1)),
        merkle_root=header.merkle_root,
        body_digest=event.body_digest,
        leaf_count=event.leaf_count,
        standing=standing_of(archive, block),
        rivals=_rivals(archive, event),
        content=_content(archive, block, body, made) if body else None,
        judging=_judging(made) if made else None,
        gaps=tuple(gaps),
    )


def _rivals(archive: Archive, event: BlockSubmitted) -> tuple[BlockHash, ...]:
    return tuple(
        each.event.block_hash
        for each in known_blocks(archive.history)
        if each.event.height == event.height and each.event.block_hash != event.block_hash
    )


def _body(archive: Archive, block: KnownBlock, gaps: list[Gap]) -> BlockBody | None:
    try:
        return load_body(archive.store, block.event.body_digest)
    except BemaError as error:
        gaps.append(gap(f"the body of block {block.event.height}", error))
        return None


def _recompute(archive: Archive, block: KnownBlock, gaps: list[Gap]) -> RebuiltBlock | None:
    made = rebuild(archive, block)
    if isinstance(made, RebuiltBlock):
        return made
    gaps.extend(made)
    return None


def _content(archive: Archive, block: KnownBlock, body: BlockBody, made: RebuiltBlock | None) -> BlockContent:
    ledger = made.ledger if made else _ledger_before(archive, block)
    return BlockContent(
        batches=tuple(_listed(archive, made, commitment) for commitment in body.batches),
        left_out=_left_out(archive, block, body, ledger) if ledger else (),
        judged=body.record.judged,
        used=len(body.samples),
        samples=body.samples,
        models=_moved(body, made),
        allotments=_allotments(archive, body, ledger) if ledger else (),
    )


def _ledger_before(archive: Archive, block: KnownBlock) -> Ledger | None:
    try:
        return archive.ledger(block.ancestors)
    except BemaError:
        return None


def _listed(archive: Archive, made: RebuiltBlock | None, commitment: Commitment) -> ListedBatchFacts:
    entries = {entry.on_chain.commitment: entry for entry in made.listed} if made else {}
    batch, entry = archive.history.batches.get(commitment), entries.get(commitment)
    if batch is None:
        return ListedBatchFacts(commitment, None, None, None, None)
    return ListedBatchFacts(
        commitment=commitment,
        author=author(archive.history, batch.party),
        committed=moment(batch.committed),
        revealed=moment(batch.opening.position) if batch.opening else None,
        samples=len(entry.batch.samples) if entry else None,
    )


def _left_out(archive: Archive, block: KnownBlock, body: BlockBody, ledger: Ledger) -> tuple[Commitment, ...]:
    """Return the revealed batches that the block could have listed; leaving one out is no offence."""
    history = archive.on_chain_of(block.ancestors).history
    authors = {party.party for party in history.authors_at(ledger.height + 1)}
    there = eligible(history.batches, authors, ledger.listed, block.event.position.time)
    return tuple(batch.commitment for batch in there if batch.commitment not in body.batches)


def _moved(body: BlockBody, made: RebuiltBlock | None) -> tuple[MovedModel, ...]:
    steps = made.assembled.calibration.steps if made else {}
    found = []
    for update in body.updates:
        taken = steps.get(update.party)
        counts = (taken.enhance, taken.impair) if taken else (None, None)
        found.append(MovedModel(update.party, update.old, update.new, *counts))
    return tuple(found)


def _allotments(archive: Archive, body: BlockBody, ledger: Ledger) -> tuple[Allotment, ...]:
    """Return what the block added to accounts: its reward leaves are cumulative and name all that ever earned."""
    added = ((leaf, leaf.cumulative - ledger.rewards.get(leaf.account, 0)) for leaf in body.rewards)
    return tuple(
        Allotment(who(archive.history, leaf.account), Money(amount), Money(leaf.cumulative))
        for leaf, amount in added
        if amount
    )


def _judging(made: RebuiltBlock) -> Judging:
    found = treatments(made)
    fates = Counter(each.fate for each in found)
    refused = Counter(
        each.judgement.verdict for each in found if each.judgement and each.fate is Fate.REFUSED
    )
    return Judging(
        {fate: fates[fate] for fate in Fate if fates[fate]},
        {verdict: refused[verdict] for verdict in Verdict if refused[verdict]},
        made.faults,
    )

"""The story of one sample."""

from dataclasses import dataclass

import numpy as np

from bema_py.chain.contract import BlockStatus
from bema_py.core.errors import BemaError
from bema_py.core.leaves import SampleLeaf
from bema_py.core.types import BlockHash, Commitment, PartyId, SampleId
from bema_py.learning.arithmetic import ONE
from bema_py.learning.scoring import class_scores
from bema_py.learning.traces import Trace, trace
from bema_py.roles.assembly import membership_of
from bema_py.roles.batches import load_listed
from bema_py.roles.content import load_body
from bema_py.roles.history import CommittedBatch
from bema_py.roles.rewards import payments
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.facts import Gap, Moment, Money, Who, author, gap, moment
from bema_py.roles.stories.known_blocks import KnownBlock, known_blocks
from bema_py.roles.stories.offers import ReadBatch, find_sample, read_batches
from bema_py.roles.stories.rebuilding import Fate, RebuiltBlock, Treatment, rebuild, treatments
from bema_py.roles.stories.standing import standing_of
from bema_py.roles.stories.verdicts import Verdicts, verdicts


@dataclass(frozen=True)
class Offer:
    """One batch that holds the sample: the heights on the chain that listed it, and why none can any more, if so."""

    commitment: Commitment
    index: int
    author: Who
    committed: Moment
    revealed: Moment
    listed: tuple[int, ...]
    void: str | None


@dataclass(frozen=True)
class HolderScores:
    """What a member that holds y or y- gives to the sample for both classes, 0..1, before and after a block."""

    party: PartyId
    own_before: float
    own_after: float
    wrong_before: float
    wrong_after: float


@dataclass(frozen=True)
class SampleUse:
    """What a used sample did: its trace through the calibration, the holders' scores, what its owner got for it."""

    trace: Trace
    scores: tuple[HolderScores, ...]
    earned: Money


@dataclass(frozen=True)
class SampleInBlock:
    """What one block, on the chain or off it, made of one copy of the sample."""

    height: int
    block_hash: BlockHash
    status: BlockStatus
    commitment: Commitment
    author: Who
    fate: Fate
    verdicts: Verdicts | None
    use: SampleUse | None


@dataclass(frozen=True)
class SampleStory:
    """One sample: who offered it, who owns it, what became of it; offers in order of commitment, blocks as they came.

    `used_at` is the height of the block on the chain that used it, `owner` the author that block names.
    """

    sample: SampleId
    label: int
    size: int
    offers: tuple[Offer, ...]
    blocks: tuple[SampleInBlock, ...]
    used_at: int | None
    owner: Who | None
    gaps: tuple[Gap, ...]


def sample_story(archive: Archive, name: str) -> SampleStory:
    """Gather all that is to be said of the sample with this id, or with a prefix that fits no other.

    Raises what `find_sample` raises.
    """
    batches, gaps = read_batches(archive)
    sample = find_sample(batches, gaps, name)
    holding = tuple(batch for batch in batches if sample in batch.names)
    found: list[Gap] = []
    listings = _listings(archive, holding, found)
    blocks = tuple(each for block, _ in listings for each in _in_block(archive, block, sample, found))
    leaf, height = _leaf(archive, sample, listings)
    first = holding[0]
    pair = first.batch.samples[first.names.index(sample)]
    return SampleStory(
        sample=sample,
        label=pair.y,
        size=len(pair.x),
        offers=tuple(_offer(archive, batch, sample, listings) for batch in holding),
        blocks=blocks,
        used_at=height,
        owner=author(archive.history, leaf.owner) if leaf else None,
        gaps=tuple(found),
    )


Listings = tuple[tuple[KnownBlock, frozenset[Commitment]], ...]
"""Blocks that list a batch with the sample, and all the commitments that each lists."""


def _listings(archive: Archive, holding: tuple[ReadBatch, ...], gaps: list[Gap]) -> Listings:
    commitments = {batch.on_chain.commitment for batch in holding}
    found = []
    for block in known_blocks(archive.history):
        try:
            body = load_body(archive.store, block.event.body_digest)
        except BemaError as error:
            gaps.append(gap(f"the body of block {block.event.height}", error))
            continue
        if commitments.intersection(body.batches):
            found.append((block, frozenset(body.batches)))
    return tuple(found)


def _leaf(archive: Archive, sample: SampleId, listings: Listings) -> tuple[SampleLeaf | None, int | None]:
    """Return the leaf that uses the sample in a block of the chain, and that block's height."""
    for block, _ in listings:
        if block.orphan is None:
            for leaf in load_body(archive.store, block.event.body_digest).samples:
                if leaf.sample == sample:
                    return leaf, block.event.height
    return None, None


def _offer(archive: Archive, batch: ReadBatch, sample: SampleId, listings: Listings) -> Offer:
    on_chain = batch.on_chain
    assert on_chain.opening is not None  # only revealed batches are read
    heights = tuple(
        block.event.height
        for block, listed in listings
        if block.orphan is None and on_chain.commitment in listed
    )
    return Offer(
        commitment=on_chain.commitment,
        index=batch.names.index(sample),
        author=author(archive.history, on_chain.party),
        committed=moment(on_chain.committed),
        revealed=moment(on_chain.opening.position),
        listed=heights,
        void=None if heights else _void(archive, on_chain),
    )


def _void(archive: Archive, batch: CommittedBatch) -> str | None:
    """Say why no block can list a batch that none has listed, if so."""
    if archive.history.suspended(batch.party):
        return f"party {batch.party} was suspended before any block listed it"
    try:
        load_listed(archive.store, batch, archive.rules)
    except BemaError as error:
        return str(error)
    return None


def _in_block(archive: Archive, block: KnownBlock, sample: SampleId, gaps: list[Gap]) -> list[SampleInBlock]:
    made = rebuild(archive, block)
    if not isinstance(made, RebuiltBlock):
        gaps.extend(made)
        return []
    return [
        _treated(archive, block, made, treatment)
        for treatment in treatments(made)
        if treatment.sample == sample
    ]


def _treated(archive: Archive, block: KnownBlock, made: RebuiltBlock, treatment: Treatment) -> SampleInBlock:
    judgement = treatment.judgement
    return SampleInBlock(
        height=block.event.height,
        block_hash=block.event.block_hash,
        status=standing_of(archive, block).status,
        commitment=treatment.commitment,
        author=author(archive.history, treatment.author),
        fate=treatment.fate,
        verdicts=verdicts(made, judgement, treatment.commitment, treatment.index) if judgement else None,
        use=_use(made, treatment) if treatment.fate is Fate.USED else None,
    )


def _use(made: RebuiltBlock, treatment: Treatment) -> SampleUse:
    context, calibration = made.context, made.assembled.calibration
    samples = made.candidates
    position = next(i for i, each in enumerate(samples) if each.sample_id == treatment.sample)
    followed = next(each for each in calibration.used if each.position == position)
    traced = trace(
        context.models,
        membership_of(context.members),
        samples,
        calibration.used,
        context.recalled,
        context.rules,
        context.height,
        followed,
    )
    label, x = samples[position].y, samples[position].x
    return SampleUse(traced, _scores(made, x, label, followed.wrong_label), _earned(made, treatment.sample))


def _scores(made: RebuiltBlock, x: bytes, label: int, wrong_label: int) -> tuple[HolderScores, ...]:
    """Score the sample by the models of all that hold either class, before the block and after it."""
    rules = made.context.rules
    wanted = 1 << label | 1 << wrong_label
    holders = [party.party for party in made.context.members if party.held_classes & wanted]
    image = np.frombuffer(x, dtype=np.uint8).reshape(1, *rules.input)
    before, after = (
        class_scores([models[party] for party in holders], image, rules.classes)[:, 0] / ONE
        for models in (made.context.models, made.assembled.calibration.models)
    )
    return tuple(
        HolderScores(party, *(float(row[y]) for y in (label, wrong_label) for row in (before[k], after[k])))
        for k, party in enumerate(holders)
    )


def _earned(made: RebuiltBlock, sample: SampleId) -> Money:
    """Return what the block allotted for the sample: payments are in order of sample ids."""
    context, leaves = made.context, made.assembled.body.samples
    paid = payments(context.purse, context.rules, leaves, context.miner)
    known = [leaf.sample for leaf in leaves if leaf.owner in context.purse.accounts]
    return Money(paid[known.index(sample)][1] if sample in known else 0)

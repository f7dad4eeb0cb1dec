"""A block computed anew, for its story: what each sample of its batches came to, and where the block says otherwise."""

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from bema_py.core.errors import BemaError, MalformedError
from bema_py.core.leaves import processing_key
from bema_py.core.types import Commitment, PartyId, SampleId
from bema_py.learning.candidates import CandidateSample
from bema_py.learning.margin import Judgement
from bema_py.roles.assembly import (
    AssembledBlock,
    BlockContext,
    ListedBatch,
    block_context,
)
from bema_py.roles.batches import load_listed
from bema_py.roles.block_audit import audit_block
from bema_py.roles.checks import Status
from bema_py.roles.ledger import Ledger
from bema_py.roles.recollection import recalled_samples
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.facts import Gap, gap
from bema_py.roles.stories.known_blocks import KnownBlock
from bema_py.storage.content_store import ContentMissingError

MISSING, FALSE = ContentMissingError.exit_code, MalformedError.exit_code


class Fate(Enum):
    """What became of one sample of a listed batch."""

    USED = "used"
    REFUSED = "refused"
    FULL = "valid, but the block had as many samples as it may use"
    QUOTA = "valid, but the block had as many samples of its class as it may use"
    COPY = "a copy: of the listed batches an earlier one owns it"
    SPENT = "used in an earlier block"


@dataclass(frozen=True)
class Treatment:
    """What became of one sample of a listed batch; judged are only those that the batch owns and nobody used before."""

    sample: SampleId
    author: PartyId
    commitment: Commitment
    index: int
    fate: Fate
    judgement: Judgement | None


@dataclass(frozen=True)
class RebuiltBlock:
    """A block computed anew from its parent models, and every statement of the block that departs from it."""

    ledger: Ledger
    context: BlockContext
    listed: tuple[ListedBatch, ...]
    assembled: AssembledBlock
    faults: tuple[str, ...]

    @property
    def candidates(self) -> tuple[CandidateSample, ...]:
        """The owned, unused samples in processing order, as calibration takes them."""
        parent = self.context.parent
        return tuple(
            CandidateSample(each.sample, processing_key(parent, each.sample), each.x, each.y, each.objection)
            for each in self.assembled.candidates
        )


def rebuild(archive: Archive, block: KnownBlock) -> RebuiltBlock | tuple[Gap, ...]:
    """Compute a block anew from the ledger of its ancestors, or say why that cannot be done."""
    what = f"the recomputation of block {block.event.height}"
    seen = archive.on_chain_of(block.ancestors)
    try:
        ledger = seen.ledger(block.ancestors)
    except BemaError as error:
        return (gap(what, error),)
    result = audit_block(seen.evidence, ledger, block.event)
    found = [each for each in result.book.findings if each.status is not Status.NOTICE]
    if result.assembled is None:
        return tuple(
            Gap(what, each.message, MISSING if each.status is Status.MISSING else FALSE) for each in found
        )
    faults = tuple(each.message for each in found)
    context = _context(seen, ledger, block)
    listed = tuple(
        load_listed(archive.store, archive.history.batches[commitment], archive.rules)
        for commitment in result.assembled.body.batches
    )
    return RebuiltBlock(ledger, context, listed, result.assembled, faults)


def treatments(made: RebuiltBlock) -> tuple[Treatment, ...]:
    """Say what became of every sample of the listed batches, batch by batch."""
    assembled = made.assembled
    judged = dict(
        zip((each.sample for each in assembled.candidates), assembled.calibration.judgements, strict=True)
    )
    owner = {each.sample: each.commitment for each in assembled.candidates}
    fates = _fates(made)
    found = []
    for entry in made.listed:
        commitment = entry.on_chain.commitment
        for index, sample in enumerate(entry.batch.samples):
            name = sample.id()
            if owner.get(name) == commitment:
                fate, judgement = fates[name], judged[name]
            else:
                fate, judgement = (Fate.COPY if name in owner else Fate.SPENT), None
            found.append(Treatment(name, entry.batch.party, commitment, index, fate, judgement))
    return tuple(found)


def _fates(made: RebuiltBlock) -> dict[SampleId, Fate]:
    """Say for each owned sample whether it was used, refused, or came too late though valid."""
    assembled, rules = made.assembled, made.context.rules
    used = {leaf.sample for leaf in assembled.body.samples}
    fates: dict[SampleId, Fate] = {}
    valid: Counter[int] = Counter()
    for candidate, judgement in zip(assembled.candidates, assembled.calibration.judgements, strict=True):
        if not judgement.valid:
            fates[candidate.sample] = Fate.REFUSED
            continue
        beyond_quota = 0 < rules.class_quota <= valid[judgement.label]
        valid[judgement.label] += 1
        late = Fate.QUOTA if beyond_quota else Fate.FULL
        fates[candidate.sample] = Fate.USED if candidate.sample in used else late
    return fates


def _context(seen: Archive, ledger: Ledger, block: KnownBlock) -> BlockContext:
    """Return what the block depends on besides its batches; every model of it was read before."""
    history, event = seen.history, block.event
    members = history.members_at(ledger.height + 1, seen.rules)
    return block_context(
        history,
        ledger,
        seen.rules,
        seen.deployment.parameters.max_reward_per_block,
        {party.party: seen.models.load(ledger.model_of(party)) for party in members},
        recalled_samples(seen.store, history, ledger, seen.rules),
        event.miner,
        history.party_type_of(event.miner, event.position),
    )

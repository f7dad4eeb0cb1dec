"""How a block follows from what it lists: one pure way from batches to a body, walked by miners and auditors alike."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bema_py.core.batch import Batch
from bema_py.core.block_body import BlockBody
from bema_py.core.leaves import (
    NO_STATEMENTS,
    CalibrationRecord,
    ModelUpdate,
    SampleLeaf,
    batches_digest,
    processing_key,
)
from bema_py.core.model_card import ModelCard
from bema_py.core.rules import Rules
from bema_py.core.types import (
    Address,
    BlockHash,
    Commitment,
    ModelDigest,
    PartyId,
    PartyType,
    SampleId,
    classes_of,
)
from bema_py.core.witness import SignedStatement, StatementList
from bema_py.learning.calibration import BlockCalibration, calibrate_block
from bema_py.learning.candidates import CandidateSample
from bema_py.learning.margin import Verdict
from bema_py.learning.membership import Member, Membership
from bema_py.learning.model import Model
from bema_py.learning.progress import Progress
from bema_py.roles.content import card_of
from bema_py.roles.hearing import batch_objections
from bema_py.roles.history import CommittedBatch, History, RegisteredParty
from bema_py.roles.ledger import Ledger
from bema_py.roles.rewards import Purse, reward_leaves


@dataclass(frozen=True)
class ListedBatch:
    """A batch that a block considers: its commitment on chain, its content and founders' statements about it."""

    on_chain: CommittedBatch
    batch: Batch
    statements: tuple[SignedStatement, ...] = ()


@dataclass(frozen=True)
class OwnedSample:
    """A sample of a listed batch, with the party and place that own it."""

    sample: SampleId
    x: bytes
    y: int
    owner: PartyId
    commitment: Commitment
    index: int
    objection: Verdict | None = None


@dataclass(frozen=True)
class BlockContext:
    """Everything a block's content depends on besides the batches it lists.

    `used` are the sample ids that may not be used again, `recalled` the samples that the block calibrates with again.
    """

    rules: Rules
    height: int
    parent: BlockHash
    miner: Address
    party_type: PartyType
    members: tuple[RegisteredParty, ...]
    digests: Mapping[PartyId, ModelDigest]
    models: Mapping[PartyId, Model]
    used: Collection[bytes]
    purse: Purse
    recalled: tuple[CandidateSample, ...] = ()


@dataclass(frozen=True)
class AssembledBlock:
    """A block's body together with how it came about, and the statements that it rests on.

    `cards` are those of the models that it changes.
    """

    body: BlockBody
    statements: StatementList
    candidates: tuple[OwnedSample, ...]
    calibration: BlockCalibration
    cards: Mapping[PartyId, ModelCard]


def block_context(
    history: History,
    ledger: Ledger,
    rules: Rules,
    max_reward: int,
    models: Mapping[PartyId, Model],
    recalled: tuple[CandidateSample, ...],
    miner: Address,
    party_type: PartyType,
) -> BlockContext:
    """Return the context of the block that `miner` builds on the ledger; `models` are the members' parent models.

    `recalled` are the samples that the block calibrates with again.
    `max_reward` is the deployment's most that a block may allot, in wei.
    """
    height = ledger.height + 1
    parent, _ = history.parent_of(height)
    members = history.members_at(height, rules)
    return BlockContext(
        rules=rules,
        height=height,
        parent=parent,
        miner=miner,
        party_type=party_type,
        members=members,
        digests={party.party: ledger.model_of(party) for party in members},
        models=models,
        used=ledger.used,
        purse=Purse(
            earned=ledger.rewards,
            accounts={number: party.account for number, party in history.parties.items()},
            available=max(0, min(history.funded_at(height) - ledger.allotted, max_reward)),
        ),
        recalled=recalled,
    )


def membership_of(members: Iterable[RegisteredParty]) -> Membership:
    """Return the members' held classes in the form the learning half works with."""
    return Membership(
        tuple(Member(party.party, frozenset(classes_of(party.held_classes))) for party in members)
    )


def processing_order(
    parent: BlockHash, listed: Sequence[ListedBatch], used: Collection[bytes]
) -> tuple[OwnedSample, ...]:
    """Return the owned, unused samples of the listed batches in processing order.

    Of several copies of a sample the earliest commitment owns it; the order is by sha256d(parent hash | sample id),
    which nobody can grind before the parent exists.
    """
    owned: dict[SampleId, OwnedSample] = {}
    for entry in sorted(listed, key=lambda entry: entry.on_chain.committed):
        for index, sample in enumerate(entry.batch.samples):
            name = sample.id()
            if name not in owned and name not in used:
                owned[name] = OwnedSample(
                    name, sample.x, sample.y, entry.batch.party, entry.on_chain.commitment, index
                )
    return tuple(sorted(owned.values(), key=lambda sample: processing_key(parent, sample.sample)))


def assemble(
    context: BlockContext, listed: Sequence[ListedBatch], progress: Progress | None = None
) -> AssembledBlock:
    """Judge, calibrate and lay out the block that lists these batches (protocol, section 4)."""
    candidates = with_witness(context, listed, processing_order(context.parent, listed, context.used))
    calibration = calibrate_block(
        context.models,
        membership_of(context.members),
        [
            CandidateSample(
                sample.sample,
                processing_key(context.parent, sample.sample),
                sample.x,
                sample.y,
                sample.objection,
            )
            for sample in candidates
        ],
        context.rules,
        context.height,
        recalled=context.recalled,
        progress=progress,
    )
    samples = _sample_leaves(candidates, calibration)
    cards = {party: card_of(calibration.models[party])[0] for party in calibration.changed}
    updates = tuple(
        ModelUpdate(party, context.digests[party], card.digest()) for party, card in cards.items()
    )
    body = lay_out(context, listed, samples, updates)
    return AssembledBlock(body, statements_of(listed), candidates, calibration, cards)


def lay_out(
    context: BlockContext,
    listed: Sequence[ListedBatch],
    samples: tuple[SampleLeaf, ...],
    updates: tuple[ModelUpdate, ...],
) -> BlockBody:
    """Return the body of the block that lists these batches, uses these samples and makes these updates."""
    statements = statements_of(listed)
    commitments = tuple(sorted(entry.on_chain.commitment for entry in listed))
    record = CalibrationRecord(
        rules=context.rules.digest(),
        miner=context.miner,
        party_type=context.party_type,
        height=context.height,
        batch_count=len(commitments),
        batches=batches_digest(commitments),
        statements=statements.digest() if statements.statements else NO_STATEMENTS,
        judged=sum(len(entry.batch.samples) for entry in listed),
        used=len(samples),
        updates=len(updates),
    )
    return BlockBody(
        height=context.height,
        parent=context.parent,
        record=record,
        batches=commitments,
        samples=samples,
        updates=updates,
        rewards=reward_leaves(context.purse, context.rules, samples, context.miner),
    )


def statements_of(listed: Sequence[ListedBatch]) -> StatementList:
    """Return all statements about the listed batches in their order."""
    statements = (signed for entry in listed for signed in entry.statements)
    return StatementList(tuple(sorted(statements, key=lambda signed: signed.key)))


def with_witness(
    context: BlockContext, listed: Sequence[ListedBatch], candidates: Sequence[OwnedSample]
) -> tuple[OwnedSample, ...]:
    """Return the candidates with what founders' references hold against them (10b, **extension**)."""
    if context.rules.witness is None:
        return tuple(candidates)
    # Whose batches and statements count was decided when they were listed; every author is a member.
    parties = {party.party: party for party in context.members}
    against = {
        entry.on_chain.commitment: batch_objections(parties, entry.batch, entry.statements, context.rules)
        for entry in listed
    }
    return tuple(replace(each, objection=against[each.commitment][each.index]) for each in candidates)


def _sample_leaves(
    candidates: Sequence[OwnedSample], calibration: BlockCalibration
) -> tuple[SampleLeaf, ...]:
    leaves = []
    for used in calibration.used:
        sample = candidates[used.position]
        leaves.append(
            SampleLeaf(
                sample=sample.sample,
                owner=sample.owner,
                commitment=sample.commitment,
                index=sample.index,
                label=sample.y,
                wrong_label=used.wrong_label,
            )
        )
    return tuple(sorted(leaves, key=lambda leaf: leaf.sample))

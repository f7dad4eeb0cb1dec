"""The systems under comparison: which samples they want, and what a block of them does to the models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bema_py.core.batch import Sample
from bema_py.core.hashing import sha256d
from bema_py.core.public_set import PublicSet
from bema_py.core.rules import Rules
from bema_py.core.types import BlockHash, PartyId, PartyType, SampleId
from bema_py.experiments.witnessing import heard, witnessed
from bema_py.experiments.world import World, account_of, genesis_hash
from bema_py.learning.attacks import BogusSample, bogus_samples
from bema_py.learning.candidates import CandidateSample
from bema_py.learning.datasets import ByteArray
from bema_py.learning.hmr import hmr_bogus, margins, step_on_both
from bema_py.learning.krum import Integers
from bema_py.learning.margin import Verdict, judge
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model
from bema_py.learning.scoring import Scores, class_scores, group_models, group_scores
from bema_py.learning.sieve import Mask, Sieve
from bema_py.roles.assembly import (
    AssembledBlock,
    BlockContext,
    ListedBatch,
    OwnedSample,
    assemble,
    membership_of,
    processing_order,
)
from bema_py.roles.failures import REFUSED, Failures, counted_samples
from bema_py.roles.ledger import Ledger, advance
from bema_py.roles.recollection import candidate, rehearsal_draw, replay_draw
from bema_py.roles.rewards import Purse
from bema_py.roles.sample_miner import samples_at

Used = frozenset[SampleId]
Scorer = Callable[[ByteArray], Scores]
"""Gives the exact scores (members, samples, classes) of images at the models of one block."""
Chooser = Callable[[ByteArray, Integers], Mask]
"""Called with images (samples, channels, height, width) and their labels (samples,); says which may be offered."""
BY_WITNESS = REFUSED | {Verdict.UNHEARD, Verdict.VALID}
"""The verdicts on samples that pass eqs. 8 to 10."""


@dataclass(frozen=True, slots=True)
class Played:
    """What a block did with the samples it was given.

    used: those it calibrated with. asked: those that pass eqs. 8 to 10 and that founders were asked about; refused:
    those of them that the data witness refused (10b). failed: the authors whose sum of refusals has reached the limit,
    each with the height at which it first did.
    """

    used: Used
    asked: Used = frozenset()
    refused: Used = frozenset()
    failed: Mapping[PartyId, int] = field(default_factory=dict)


class System(Protocol):
    """What the engine asks of a system."""

    @property
    def models(self) -> Mapping[PartyId, Model]:
        """The models after the last block."""

    @property
    def membership(self) -> Membership:
        """Who holds which class."""

    @property
    def rules(self) -> Rules:
        """The rules in force."""

    def chooser(self) -> Chooser:
        """Give what tells honest parties, at the models as they are now, which samples they may offer."""

    def wanted(self, scores: Scores, labels: Integers) -> npt.NDArray[np.bool_]:
        """Say the same by scores (members, samples, classes)."""

    def bogus(self, scores: Scores, labels: Integers) -> tuple[BogusSample, ...]:
        """Find the samples that eq. 1 turns into bogus ones."""

    def play(self, listed: Sequence[ListedBatch]) -> Played:
        """Build one block of these batches."""


@dataclass
class BemaSystem:
    """Blocks exactly as miners build them and auditors recompute them, with made-up parent hashes."""

    world: World
    rules: Rules
    models: Mapping[PartyId, Model]
    membership: Membership
    public: tuple[Sample, ...]
    ledger: Ledger
    parent: BlockHash
    contents: dict[SampleId, Sample] = field(default_factory=dict)
    """Every sample that was used."""
    failures: Failures = field(default_factory=Failures)

    @classmethod
    def begin(cls, world: World, rules: Rules, seed: int, rehearsal: int = 0) -> "BemaSystem":
        """Stand before the first block; the genesis hash is made up from the seed.

        `rehearsal` samples of the public set are rehearsed in a block, where the case has a public set. Founders with
        references are data witnesses (see `witnessing`).
        """
        rules = witnessed(rules, world)
        data = world.case.public if rehearsal else None
        public = () if data is None else samples_at(data, range(len(data)))
        if public:
            rules = replace(rules, rehearsal=rehearsal, public_set=PublicSet(public).digest())
        return cls(
            world, rules, world.models, membership_of(world.members), public, Ledger(), genesis_hash(seed)
        )

    def chooser(self) -> Chooser:
        """Choose what is valid (eqs. 8 to 10), by no more scores than that takes."""
        models = [self.models[party] for party in self.membership.ids]
        return Sieve(models, self.membership, self.rules).valid

    def wanted(self, scores: Scores, labels: Integers) -> npt.NDArray[np.bool_]:
        """Say which samples are valid (eqs. 8 to 10)."""
        judgements = judge(scores, labels, self.membership, self.rules)
        return np.array([judgement.valid for judgement in judgements], dtype=np.bool_)

    def bogus(self, scores: Scores, labels: Integers) -> tuple[BogusSample, ...]:
        """Claim y- for samples with a positive secure margin (eq. 1)."""
        return bogus_samples(scores, labels, self.membership, self.rules)

    def play(self, listed: Sequence[ListedBatch]) -> Played:
        """Let founders state what they know of these batches, assemble the block and step onto it."""
        assembled = assemble(self._context(), [heard(entry, self.world, self.rules) for entry in listed])
        if self.rules.witness is not None:
            counted = counted_samples(assembled)
            self.failures = self.failures.after(assembled.body.height, counted, self.rules.witness)
        self.models = assembled.calibration.models
        for item in assembled.calibration.used:
            owned = assembled.candidates[item.position]
            self.contents[owned.sample] = Sample(owned.x, owned.y)
        self.ledger = advance(self.ledger, assembled.body)
        self.parent = BlockHash(sha256d(self.parent + assembled.body.digest()))
        used = frozenset(leaf.sample for leaf in assembled.body.samples)
        asked = judged_by_witness(assembled, self.world)
        refused = {name for name, verdict in asked.items() if verdict is not Verdict.VALID}
        return Played(used, frozenset(asked), frozenset(refused), self.failures.failed)

    def _context(self) -> BlockContext:
        members = self.world.members
        return BlockContext(
            rules=self.rules,
            height=self.ledger.height + 1,
            parent=self.parent,
            miner=account_of(members[0].party),
            party_type=PartyType.ORIGINAL,
            members=members,
            digests={party.party: self.ledger.model_of(party) for party in members},
            models=self.models,
            used=self.ledger.used,
            purse=Purse(self.ledger.rewards, {party.party: party.account for party in members}, 0),
            recalled=self._recalled(),
        )

    def _recalled(self) -> tuple[CandidateSample, ...]:
        """Give what the next block calibrates with again, as a miner draws it, from memory."""
        authors = set(self.membership.ids).difference(self.failures.failed)
        replayed = replay_draw(self.ledger, authors, self.rules, self.parent)
        rehearsed = rehearsal_draw(self.public, self.rules, self.parent)
        samples = [*(self.contents[leaf.sample] for leaf in replayed), *rehearsed]
        return tuple(candidate(self.parent, sample) for sample in samples)


@dataclass
class HmrSystem:
    """HMR with one exact, capped gradient step on each of the two chosen models, as the paper describes it."""

    rules: Rules
    models: Mapping[PartyId, Model]
    membership: Membership
    parent: BlockHash
    height: int = 0
    used: Used = frozenset()

    @classmethod
    def begin(cls, world: World, rules: Rules, seed: int) -> "HmrSystem":
        """Stand before the first block."""
        return cls(rules, world.models, membership_of(world.members), genesis_hash(seed))

    def chooser(self) -> Chooser:
        """Choose by the scores of all models."""
        return by_scores(self)

    def wanted(self, scores: Scores, labels: Integers) -> npt.NDArray[np.bool_]:
        """Say which samples have rho <= 0 (Definition 2)."""
        return margins(scores, labels).valid

    def bogus(self, scores: Scores, labels: Integers) -> tuple[BogusSample, ...]:
        """Claim y- for samples with a positive margin (eq. 1)."""
        return hmr_bogus(scores, labels)

    def play(self, listed: Sequence[ListedBatch]) -> Played:
        """Calibrate with every sample of these batches that has rho <= 0, in a block's processing order."""
        order = processing_order(self.parent, listed, self.used)
        images, labels = arrays(order, self.rules)
        models = [self.models[party] for party in self.membership.ids]
        valid = np.flatnonzero(margins(class_scores(models, images, self.rules.classes), labels).valid)
        chosen = valid[: self.rules.max_samples]
        self.height += 1
        after = self.calibrated(models, images[chosen], labels[chosen])
        self.models = dict(zip(self.membership.ids, after, strict=True))
        used = frozenset(order[index].sample for index in chosen)
        self.used |= used
        self.parent = BlockHash(sha256d(self.parent + b"".join(sorted(used))))
        return Played(used)

    def calibrated(self, models: list[Model], images: npt.NDArray[np.uint8], labels: Integers) -> list[Model]:
        """Give the models after a block's samples."""
        return step_on_both(models, images, labels, self.rules, self.rules.step_size(self.height))


def by_scores(system: System) -> Chooser:
    """Give a chooser that lets every model score every sample; the models are stacked once."""
    scorer = scorer_of(system)
    return lambda images, labels: system.wanted(scorer(images), labels)


def scorer_of(system: System) -> Scorer:
    """Give the scores of a system's models as they are now; the models are stacked once for the whole block."""
    models = [system.models[party] for party in system.membership.ids]
    groups = group_models(models, system.rules.input, system.rules.classes)
    return partial(group_scores, groups, classes=system.rules.classes)


def judged_by_witness(assembled: AssembledBlock, world: World) -> dict[SampleId, Verdict]:
    """Give the verdicts on a block's samples that pass eqs. 8 to 10 and that founders were asked about (10b)."""
    regular = {member.party for member in world.members if member.party_type is PartyType.REGULAR}
    judged = zip(assembled.candidates, assembled.calibration.judgements, strict=True)
    return {
        candidate.sample: judgement.verdict
        for candidate, judgement in judged
        if world.references and candidate.owner in regular and judgement.verdict in BY_WITNESS
    }


def arrays(order: Sequence[OwnedSample], rules: Rules) -> tuple[npt.NDArray[np.uint8], Integers]:
    """Give ordered samples as images (n, channels, height, width) and labels (n,)."""
    joined = b"".join(sample.x for sample in order)
    images = np.frombuffer(joined, dtype=np.uint8).reshape(-1, *rules.input)
    return images, np.array([sample.y for sample in order], dtype=np.int64)

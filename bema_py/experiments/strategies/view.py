"""What attackers know when they choose their messages for a block: everything public, and what is their own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from bema_py.core.batch import Sample
from bema_py.core.types import PartyId, SampleId
from bema_py.core.witness import WitnessRules
from bema_py.experiments.scanning import Search
from bema_py.experiments.strategies.surrogate import Surrogate
from bema_py.experiments.systems import Scorer, System
from bema_py.learning.datasets import Dataset
from bema_py.roles.sample_miner import samples_at


@dataclass(frozen=True, slots=True)
class UsedMessage:
    """A sample that an earlier block used, with its author; both are public."""

    author: PartyId
    sample: Sample


@dataclass(frozen=True, eq=False)
class Ring:
    """The attackers of a run: they pool their data and remember what they sent and what was used.

    private: every attacker's own data. public: the public samples, where the case has any. classes: how many there are.
    witness: the rules of the data witness, if there are any; founders' references themselves nobody knows.
    """

    private: Mapping[PartyId, Dataset]
    public: Dataset | None
    seed: int
    classes: int
    witness: WitnessRules | None
    sent: dict[SampleId, Sample] = field(default_factory=dict)
    used: list[UsedMessage] = field(default_factory=list)

    @cached_property
    def surrogate(self) -> Surrogate | None:
        """The witness that the attackers build of their own data, None where the rules know none."""
        if self.witness is None:
            return None
        return Surrogate.of(self.private, self.public, self.witness, self.classes, self.seed)

    @cached_property
    def genuine(self) -> frozenset[SampleId]:
        """The attackers' own records under their own classes."""
        parts = (samples_at(data, range(len(data))) for data in self.private.values())
        return frozenset(sample.id() for samples in parts for sample in samples)

    def remember(self, offers: Mapping[PartyId, Sequence[Sample]], used: Collection[SampleId]) -> None:
        """Remember what the attackers sent for a block, and which of all samples it used."""
        for party, samples in offers.items():
            if party in self.private:
                self.sent.update({sample.id(): sample for sample in samples})
            self.used.extend(UsedMessage(party, sample) for sample in samples if sample.id() in used)

    @property
    def accepted(self) -> list[Sample]:
        """The attackers' own samples that were used."""
        return [message.sample for message in self.used if message.author in self.private]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What all attackers have before them for one block.

    system: models, members and rules. scorer: the exact scores at these models. searches: the records that each
    attacker may look through.
    """

    height: int
    system: System
    scorer: Scorer
    searches: Mapping[PartyId, Search]
    ring: Ring


@dataclass(frozen=True, slots=True, eq=False)
class AttackView:
    """What one attacker has before it when it chooses at most `limit` messages."""

    party: PartyId
    limit: int
    scene: Scene

    @property
    def search(self) -> Search:
        """The records of its own that it may look through."""
        return self.scene.searches[self.party]

    def random(self) -> np.random.Generator:
        """Give the random numbers of this attacker and block, the same in every repetition."""
        return np.random.default_rng((self.scene.ring.seed, self.scene.height, self.party))


class Strategy(Protocol):
    """How an attacker chooses its messages."""

    def __call__(self, view: AttackView) -> tuple[Sample, ...]:
        """Give at most `view.limit` samples."""

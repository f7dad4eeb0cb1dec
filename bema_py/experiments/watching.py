"""A system whose honest parties choose what they offer by another function, which sees all that they look through."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bema_py.core.rules import Rules
from bema_py.core.types import PartyId
from bema_py.experiments.systems import Chooser, Played, System, by_scores
from bema_py.learning.attacks import BogusSample
from bema_py.learning.krum import Integers
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model
from bema_py.learning.scoring import Scores
from bema_py.roles.assembly import ListedBatch

Choice = Callable[[System, Scores, Integers], npt.NDArray[np.bool_]]
"""Called with the system, scores (members, samples, classes) and labels (samples,); says which samples are wanted."""


def as_system_wants(system: System, scores: Scores, labels: Integers) -> npt.NDArray[np.bool_]:
    """Choose what the system itself wants."""
    return system.wanted(scores, labels)


def nobody_looks(_system: System, _listed: Sequence[ListedBatch]) -> None:
    """Look at no block."""


@dataclass(frozen=True, slots=True)
class WatchedSystem:
    """Another system with its own choice of what to offer; `before_block` sees what a block lists."""

    system: System
    choose: Choice = as_system_wants
    before_block: Callable[[System, Sequence[ListedBatch]], None] = nobody_looks

    @property
    def models(self) -> Mapping[PartyId, Model]:
        """Give the models after the last block."""
        return self.system.models

    @property
    def membership(self) -> Membership:
        """Give who holds which class."""
        return self.system.membership

    @property
    def rules(self) -> Rules:
        """Give the rules in force."""
        return self.system.rules

    def chooser(self) -> Chooser:
        """Choose by the scores of all models, so that the function sees them."""
        return by_scores(self)

    def wanted(self, scores: Scores, labels: Integers) -> npt.NDArray[np.bool_]:
        """Choose what an honest party may offer."""
        return self.choose(self.system, scores, labels)

    def bogus(self, scores: Scores, labels: Integers) -> tuple[BogusSample, ...]:
        """Find the samples that eq. 1 turns into bogus ones."""
        return self.system.bogus(scores, labels)

    def play(self, listed: Sequence[ListedBatch]) -> Played:
        """Show what is listed, then build the block."""
        self.before_block(self.system, listed)
        return self.system.play(listed)

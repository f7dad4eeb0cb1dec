"""Attackers: which parties attack, how many messages they send and what is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bema_py.core.batch import Sample
from bema_py.core.errors import InputError
from bema_py.core.types import PartyId, PartyType
from bema_py.experiments.systems import System
from bema_py.learning.datasets import Dataset
from bema_py.learning.scoring import Scores
from bema_py.roles.history import RegisteredParty

MAX_BOGUS = 90
"""Percent; above it the few honest messages of a block would leave room for hardly any bogus ones."""


class BogusShareError(InputError):
    """A share of bogus messages that no run is made for."""

    def __init__(self, percent: int) -> None:
        self.percent = percent
        super().__init__(f"bogus is {percent} %, 0 to {MAX_BOGUS} are allowed")


@dataclass(frozen=True, slots=True, eq=False)
class AttackView:
    """What an attacker knows when it chooses its messages for a block: everything public, and its own data.

    scan: the fresh part of its private data; scores: the models' approximate scores on it, (members, samples,
    classes). limit: most samples it may send.
    """

    party: PartyId
    height: int
    system: System
    scan: Dataset
    scores: Scores
    limit: int


class Strategy(Protocol):
    """How an attacker chooses its messages."""

    def __call__(self, view: AttackView) -> tuple[Sample, ...]:
        """Give at most `view.limit` samples."""


def random_bogus(view: AttackView) -> tuple[Sample, ...]:
    """Send samples with a positive margin under their wrong class (eq. 1), whatever the checks will say."""
    found = view.system.bogus(view.scores, view.scan.labels.astype(np.int64))
    return tuple(
        Sample(view.scan.images[bogus.position].tobytes(), bogus.claimed) for bogus in found[: view.limit]
    )


@dataclass(frozen=True, slots=True)
class Attack:
    """Parties that send bogus messages in place of honest ones.

    percent: share of the messages of a block that is bogus. The paper's "percentage of bogus messages" counts messages,
    so as many bogus ones are sent as make it true of the honest ones found; the attackers send equally many. None lets
    every attacker fill its quota instead.
    """

    parties: frozenset[PartyId] = frozenset()
    strategy: Strategy = random_bogus
    percent: int | None = 0

    def limits(self, honest: int, quota: int) -> dict[PartyId, int]:
        """Give every attacker's number of messages beside so many honest ones."""
        if self.percent is None:
            return dict.fromkeys(sorted(self.parties), quota)
        total = round(honest * self.percent / (100 - self.percent))
        shares = np.array_split(np.arange(total), len(self.parties)) if self.parties else []
        return {party: len(share) for party, share in zip(sorted(self.parties), shares, strict=True)}


def random_attack(members: Sequence[RegisteredParty], percent: int) -> Attack:
    """Let the last regular parties send random bogus samples; their share of all parties is the messages' share.

    Original parties are honest by assumption. Raises BogusShareError.
    """
    if not 0 <= percent <= MAX_BOGUS:
        raise BogusShareError(percent)
    regular = [member.party for member in members if member.party_type is PartyType.REGULAR]
    count = min(len(regular), -(-len(members) * percent // 100))
    return Attack(frozenset(regular[len(regular) - count :]), random_bogus, percent)

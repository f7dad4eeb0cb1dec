"""Attackers: which parties attack, by which strategy, and how many messages they send."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from bema_py.core.errors import InputError
from bema_py.core.types import PartyId, PartyType
from bema_py.experiments.strategies.catalogue import strategy_of
from bema_py.experiments.strategies.natural import random_bogus
from bema_py.experiments.strategies.view import Strategy
from bema_py.roles.history import RegisteredParty

MAX_BOGUS = 90
"""Percent; above it the few honest messages of a block would leave room for hardly any bogus ones."""

SUPPLY = 4
"""Times as many records as an honest party that an attacker looks through: few pass under a false class."""


class BogusShareError(InputError):
    """A share of bogus messages that no run is made for."""

    def __init__(self, percent: int) -> None:
        self.percent = percent
        super().__init__(f"bogus is {percent} %, 0 to {MAX_BOGUS} are allowed")


@dataclass(frozen=True, slots=True)
class Attack:
    """Parties that send bogus messages in place of honest ones.

    percent: share of the messages of a block that is bogus. The paper's "percentage of bogus messages" counts messages,
    so as many bogus ones are sent as make it true of the honest ones found; the attackers send equally many. None lets
    every attacker fill its quota instead. supply: how many times as many records as an honest party an attacker may
    look through for a block.
    """

    parties: frozenset[PartyId] = frozenset()
    strategy: Strategy = random_bogus
    percent: int | None = 0
    supply: int = 1

    def limits(
        self, honest: int, room: int, quota: int, suspended: Collection[PartyId] = frozenset()
    ) -> dict[PartyId, int]:
        """Give the number of messages of every attacker that is not suspended, beside so many honest ones.

        room: what the block still holds, which bounds a share. quota: what an attacker sends without one.
        """
        active = sorted(self.parties.difference(suspended))
        if self.percent is None:
            return dict.fromkeys(active, quota)
        total = min(room, round(honest * self.percent / (100 - self.percent)))
        shares = np.array_split(np.arange(total), len(active)) if active else []
        return {party: len(share) for party, share in zip(active, shares, strict=True)}


def check_share(percent: int) -> None:
    """Raise BogusShareError for a percentage that no run is made for."""
    if not 0 <= percent <= MAX_BOGUS:
        raise BogusShareError(percent)


def random_attack(members: Sequence[RegisteredParty], percent: int) -> Attack:
    """Let the last regular parties send random bogus samples; their share of all parties is the messages' share.

    Original parties are honest by assumption. Raises BogusShareError.
    """
    check_share(percent)
    count = -(-len(members) * percent // 100)
    return Attack(last_regular(members, count), random_bogus, percent)


def full_attack(members: Sequence[RegisteredParty], strategy: str, count: int) -> Attack:
    """Let the last `count` regular parties fill their quotas by a strategy of this name; raises UnknownAttackError."""
    return Attack(last_regular(members, count), strategy_of(strategy), None, SUPPLY)


def last_regular(members: Sequence[RegisteredParty], count: int) -> frozenset[PartyId]:
    """Give the last regular parties, at most `count`."""
    regular = [member.party for member in members if member.party_type is PartyType.REGULAR]
    return frozenset(regular[max(0, len(regular) - count) :])

"""Who holds which class: the sets S(y)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bema_py.core.errors import InputError
from bema_py.core.types import PartyId


class MembershipOrderError(InputError):
    """Members are not in strictly ascending order of their ids."""

    def __init__(self, before: PartyId, after: PartyId) -> None:
        """Keep the two ids that stand in the wrong order."""
        self.before, self.after = before, after
        super().__init__(f"party {after} follows party {before}: ids must ascend")


@dataclass(frozen=True, slots=True)
class Member:
    """A party that takes part in a block, and the classes of its private data."""

    party: PartyId
    held: frozenset[int]


@dataclass(frozen=True)
class Membership:
    """The members of one block by ascending id; a member's position here is its row in the scores."""

    parties: tuple[Member, ...]

    def __post_init__(self) -> None:
        """Refuse ids that do not ascend, because ties are decided by their order."""
        for before, after in zip(self.parties, self.parties[1:], strict=False):
            if before.party >= after.party:
                raise MembershipOrderError(before.party, after.party)

    @classmethod
    def of(cls, held: Iterable[tuple[PartyId, Iterable[int]]]) -> "Membership":
        """Build from pairs of id and held classes in any order."""
        members = (Member(party, frozenset(classes)) for party, classes in held)
        return cls(tuple(sorted(members, key=lambda member: member.party)))

    @property
    def ids(self) -> tuple[PartyId, ...]:
        """Give the members' ids in order."""
        return tuple(member.party for member in self.parties)

    def holders(self, label: int) -> tuple[int, ...]:
        """Give S(y) as positions in `parties`, ascending."""
        return self._holders.get(label, ())

    @cached_property
    def _holders(self) -> dict[int, tuple[int, ...]]:
        labels = sorted({label for member in self.parties for label in member.held})
        return {
            label: tuple(k for k, member in enumerate(self.parties) if label in member.held)
            for label in labels
        }

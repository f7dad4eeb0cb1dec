"""Which blocks an audit recomputes: all, a range of heights, or a share of them drawn by a rule anyone can repeat."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from bema_py.core.errors import InputError
from bema_py.core.hashing import sha256
from bema_py.core.types import BlockHash, hex0x
from bema_py.roles.history import History


class ScopeError(InputError):
    """A range or share of blocks that leaves nothing to recompute."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(f"no block would be recomputed: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Scope:
    """The heights `first` to `last`, both included and the tip where `last` is None, and the share of them to draw."""

    first: int = 1
    last: int | None = None
    share: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        """Refuse what no chain could fill."""
        if self.last is not None and self.last < self.first:
            raise ScopeError(f"the range {self.first} to {self.last} is empty")
        if not 0 < self.share <= 1:
            raise ScopeError(f"the share {self.share} is not above 0 and at most 1")

    @property
    def whole(self) -> bool:
        """Whether every block is recomputed."""
        return self.first <= 1 and self.last is None and self.share == 1


EVERY_BLOCK = Scope()


@dataclass(frozen=True)
class Selection:
    """The heights that an audit recomputes, and in words how they were chosen.

    They hold for blocks of the chain and for those that left it alike.
    """

    heights: frozenset[int]
    rule: str


def select(scope: Scope, history: History) -> Selection:
    """Choose among the heights of a history; raises ScopeError where the range begins above the tip.

    A share is drawn by SHA-256(tip hash | height as 8 bytes, big-endian): the heights with the lowest values, so many
    that they are the share of the range rounded up. Who mined the tip had a say in it, at the price of its work.
    """
    blocks = history.blocks
    highest = max([len(blocks), *(len(orphan.ancestors) + 1 for orphan in history.orphans)])
    if scope.whole:
        return Selection(frozenset(range(1, highest + 1)), "every block")
    first, last = max(scope.first, 1), highest if scope.last is None else scope.last
    heights = range(first, min(last, len(blocks)) + 1)
    if not heights:
        raise ScopeError(f"the chain has {len(blocks)} blocks, the range begins at {first}")
    span = f"blocks {heights[0]} to {heights[-1]}"
    if scope.share == 1:
        return Selection(frozenset(range(first, min(last, highest) + 1)), span)
    tip = blocks[-1].block_hash
    drawn = draw(tip, heights, ceil(scope.share * len(heights)))
    rule = (
        f"{len(drawn)} of {span}, the share {scope.share}: those with the lowest SHA-256(tip hash | height as 8 bytes, "
        f"big-endian), tip {hex0x(tip)}"
    )
    return Selection(frozenset(drawn), rule)


def draw(tip: BlockHash, heights: Sequence[int], count: int) -> list[int]:
    """Return the `count` heights of lowest SHA-256(tip | height)."""
    return sorted(heights, key=lambda height: sha256(tip + height.to_bytes(8, "big")))[:count]


def spans(heights: Sequence[int]) -> str:
    """Write ascending heights as ranges: "1 to 4, 7, 9 to 12"."""
    rows: list[list[int]] = []
    for height in heights:
        if rows and rows[-1][-1] == height - 1:
            rows[-1].append(height)
        else:
            rows.append([height])
    return ", ".join(f"{row[0]} to {row[-1]}" if len(row) > 1 else f"{row[0]}" for row in rows)

"""What the paper's theorems say of scores and steps, as quantities that a run can be checked against.

docs/theorems.md tells which of the printed bounds hold, which do not, and why. Scores count in 2^-24 and every
comparison is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from bema_py.learning.krum import Integers, KrumAggregate, krum_aggregate

BoolArray = npt.NDArray[np.bool_]


def resists(neighbours: int, honest: int, malicious: int) -> bool:
    """Say whether the condition of Theorem 2 and Lemma 1 holds: 2f < m < K."""
    return 2 * malicious < neighbours < honest


@dataclass(frozen=True, slots=True)
class AggregateCheck:
    """Theorem 2 and Lemma 1 on each of a number of samples; every array is (samples,).

    low, high: the bounds of eqs. 16 and 17 on m h_a*, int64. total: m h_a* itself, int64. chosen_inside: whether the
    chosen model's own score lies within the honest range (Lemma 1).
    """

    low: Integers
    high: Integers
    total: Integers
    chosen_inside: BoolArray

    @property
    def within(self) -> BoolArray:
        """Say where low <= m h_a* <= high: Theorem 2 without its strictness."""
        return (self.low <= self.total) & (self.total <= self.high)

    @property
    def strictly_within(self) -> BoolArray:
        """Say where low < m h_a* < high: Theorem 2 as printed."""
        return (self.low < self.total) & (self.total < self.high)


def check_aggregate(scores: Integers, honest: Sequence[bool], neighbours: int) -> AggregateCheck:
    """Compare a class's aggregate with its bounds; `scores` is (holders, samples), `honest` says which rows are honest.

    The bounds lie f/m of the honest range outside it (eqs. 16, 17), here multiplied by m.
    """
    rows = np.array(honest, dtype=bool)
    low, high = scores[rows].min(axis=0), scores[rows].max(axis=0)
    slack = int((~rows).sum()) * (high - low)
    found = krum_aggregate(scores, neighbours)
    own = np.take_along_axis(scores, found.chosen[None], axis=0)[0]
    return AggregateCheck(
        neighbours * low - slack, neighbours * high + slack, found.total, (low <= own) & (own <= high)
    )


@dataclass(frozen=True, slots=True)
class MarginCheck:
    """Theorem 3 on each of a number of samples: the aggregates of y and of y- within their own bounds."""

    right: AggregateCheck
    wrong: AggregateCheck
    right_neighbours: int
    wrong_neighbours: int

    def bounds(self, sample: int) -> tuple[Fraction, Fraction, Fraction]:
        """Give the lower bound on rho, rho, and the upper bound (eq. 20), in 2^-24."""
        a, b, m_a, m_b = self.right, self.wrong, self.right_neighbours, self.wrong_neighbours
        return (
            Fraction(int(a.low[sample]), m_a) - Fraction(int(b.high[sample]), m_b),
            Fraction(int(a.total[sample]), m_a) - Fraction(int(b.total[sample]), m_b),
            Fraction(int(a.high[sample]), m_a) - Fraction(int(b.low[sample]), m_b),
        )


def neighbour_rows(scores: Sequence[int], aggregate: KrumAggregate) -> tuple[int, ...]:
    """Give the m rows that make up the aggregate of one sample, the chosen one first."""
    chosen = int(aggregate.chosen[0])
    others = [row for row in range(len(scores)) if row != chosen]
    nearest = sorted(others, key=lambda row: (abs(scores[row] - scores[chosen]), row))
    return (chosen, *nearest[: aggregate.neighbours - 1])


@dataclass(frozen=True, slots=True)
class Improvement:
    """What a calibration by one sample did to one class's aggregate, in 2^-24.

    frozen: with the neighbours chosen before the step. selected: with those that Krum chooses after it.
    """

    frozen: Fraction
    selected: Fraction


def improvement(before: Sequence[int], after: Sequence[int], neighbours: int) -> Improvement:
    """Give how far the aggregate rose, from the holders' scores of one class before and after."""
    old, new = (
        krum_aggregate(np.array(scores, dtype=np.int64)[:, None], neighbours) for scores in (before, after)
    )
    rows = neighbour_rows(before, old)
    start, end = int(old.total[0]), int(new.total[0])
    return Improvement(
        Fraction(sum(after[row] for row in rows) - start, neighbours), Fraction(end - start, neighbours)
    )


@dataclass(frozen=True, slots=True)
class Slopes:
    """The constants of Theorem 1 over all models that take a step: p <= |gradient| <= b, and Lipschitz with c."""

    least: Fraction
    largest: Fraction
    lipschitz: Fraction


def printed_bounds(
    step_size: Fraction, cap: Fraction, neighbours: int, slopes: Slopes
) -> tuple[Fraction, Fraction]:
    """Give the bounds on the improvement of rho as eq. 15 prints them."""
    upper = 2 * step_size * slopes.lipschitz * min(slopes.largest, cap)
    return 2 * step_size / neighbours * slopes.least**2, upper


def corrected_bounds(
    step_size: Fraction, cap: Fraction, neighbours: tuple[int, int], slopes: Slopes
) -> tuple[Fraction, Fraction]:
    """Give the bounds that hold while the neighbours stay: the lower one scaled by min(1, G/p), with m of y and of y-.

    **Differs** from eq. 15, whose lower bound forgets that the cap shortens the step, and takes one m for both classes.
    """
    _, upper = printed_bounds(step_size, cap, neighbours[0], slopes)
    gain = step_size * slopes.least * min(slopes.least, cap)
    return gain / neighbours[0] + gain / neighbours[1], upper

"""Theorem 1 on models whose scores are affine in parameters of their own: one sample enhances y and impairs y-."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from bema_py.experiments.tally import Tally
from bema_py.learning.krum import krum_aggregate
from bema_py.learning.steps import ENHANCE, IMPAIR, moves
from bema_py.learning.theorems import Improvement, Slopes, corrected_bounds, improvement, printed_bounds

STEP_SIZE = Fraction(1)
MUTATIONS = 30
"""Changes that an attacker tries on one case."""
MAX_HOLDERS, MAX_SCORE, MAX_SLOPE, MAX_CAP = 7, 500, 30, 40


@dataclass(frozen=True, slots=True)
class AffineClass:
    """The holders of one class: their scores, the norms of their gradients, and m."""

    scores: tuple[int, ...]
    slopes: tuple[int, ...]
    neighbours: int

    def stepped(self, sign: int, cap: int) -> tuple[int, ...]:
        """Give the scores after eq. 11 (sign +1) or 12 (-1), each moved by slope * min(slope, cap)."""
        aggregate = krum_aggregate(np.array(self.scores, dtype=np.int64)[:, None], self.neighbours)
        return tuple(
            score + sign * slope * min(slope, cap) if moves(aggregate, 0, score, sign) else score
            for score, slope in zip(self.scores, self.slopes, strict=True)
        )

    def improved(self, sign: int, cap: int) -> Improvement:
        """Give how far a step moves the aggregate."""
        return improvement(self.scores, self.stepped(sign, cap), self.neighbours)


@dataclass(frozen=True, slots=True)
class AffineCase:
    """A class y, its wrong class y-, and the cap G; slopes, cap and scores have one unit."""

    right: AffineClass
    wrong: AffineClass
    cap: int

    def tally(self) -> Tally:
        """Compare what a step does to the margin with eq. 15, as printed and as corrected.

        The printed bounds have one m; the larger one gives the weaker bound. They speak of the margin itself, so of the
        neighbours that Krum chooses after the step; the corrected ones keep those of before.
        """
        up, down = self.right.improved(ENHANCE, self.cap), self.wrong.improved(IMPAIR, self.cap)
        frozen, selected = up.frozen - down.frozen, up.selected - down.selected
        norms = [Fraction(slope) for slope in (*self.right.slopes, *self.wrong.slopes)]
        slopes, cap = Slopes(min(norms), max(norms), max(norms)), Fraction(self.cap)
        pair = (self.right.neighbours, self.wrong.neighbours)
        low, high = printed_bounds(STEP_SIZE, cap, max(pair), slopes)
        corrected_low, corrected_high = corrected_bounds(STEP_SIZE, cap, pair, slopes)
        least = min(frozen - corrected_low, corrected_high - frozen)
        return Tally(1, int(not low <= selected <= high), 0, int(least < 0), least)


def random_case(random: np.random.Generator) -> AffineCase:
    """Draw a case; few different scores as often as many."""

    def draw() -> AffineClass:
        holders, top = int(random.integers(1, MAX_HOLDERS + 1)), int(random.choice([5, MAX_SCORE]))
        return AffineClass(
            tuple(random.integers(0, top + 1, holders).tolist()),
            tuple(random.integers(1, MAX_SLOPE + 1, holders).tolist()),
            int(random.integers(1, holders + 1)),
        )

    return AffineCase(draw(), draw(), int(random.integers(1, MAX_CAP + 1)))


def hostile_cases(start: AffineCase, random: np.random.Generator) -> Iterator[AffineCase]:
    """Yield what a search tries that changes a case at random and keeps what comes nearer to the corrected bounds."""
    best, least = start, start.tally().least
    for _ in range(MUTATIONS):
        tried = mutated(best, random)
        yield tried
        found = tried.tally().least
        if least is None or (found is not None and found < least):
            best, least = tried, found


def mutated(case: AffineCase, random: np.random.Generator) -> AffineCase:
    """Change one score, one slope, the number of neighbours of one class, or the cap."""
    if random.random() < 0.1:
        return replace(case, cap=int(random.integers(1, MAX_CAP + 1)))
    side = str(random.choice(["right", "wrong"]))
    own: AffineClass = getattr(case, side)
    row, holders = int(random.integers(len(own.scores))), len(own.scores)
    changed = (
        replace(own, scores=with_entry(own.scores, row, int(random.integers(0, MAX_SCORE + 1)))),
        replace(own, slopes=with_entry(own.slopes, row, int(random.integers(1, MAX_SLOPE + 1)))),
        replace(own, neighbours=int(random.integers(1, holders + 1))),
    )[int(random.integers(3))]
    return replace(case, right=changed) if side == "right" else replace(case, wrong=changed)


def with_entry(values: tuple[int, ...], row: int, value: int) -> tuple[int, ...]:
    """Put a value in the place of another one."""
    return (*values[:row], value, *values[row + 1 :])

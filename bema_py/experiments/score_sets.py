"""Sets of scores that Theorems 2 and 3 and Lemma 1 are tried on: random, chosen by an attacker, and all small ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from bema_py.core.rules import SCORE_ONE
from bema_py.learning.krum import Integers
from bema_py.learning.theorems import AggregateCheck, check_aggregate, resists

PASSES = 2
"""How often an attacker goes through its models and chooses each one's score anew."""
QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """Numbers of honest and malicious holders and of neighbours: K, f and m of the paper."""

    honest: int
    malicious: int
    neighbours: int

    @property
    def covered(self) -> bool:
        """Say whether 2f < m < K."""
        return resists(self.neighbours, self.honest, self.malicious)


COVERED = tuple(
    Shape(*numbers)
    for numbers in ((4, 1, 3), (5, 1, 3), (5, 1, 4), (6, 2, 5), (8, 2, 5), (9, 3, 7), (13, 2, 10))
)
UNCOVERED = tuple(Shape(*numbers) for numbers in ((3, 1, 2), (5, 2, 4), (2, 1, 3), (4, 1, 5), (9, 1, 10)))
"""First m = 2f, which the proof of Lemma 1 allows, then m = |S| as alpha = 1 has it."""
SMALL = ((Shape(4, 1, 3), 4), (Shape(5, 1, 4), 3))
"""Shapes and the largest of the scores that are tried in all combinations."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreSets:
    """Sets of scores of one class, int64 (holders, sets) in 2^-24, and which rows are honest."""

    scores: Integers
    honest: tuple[bool, ...]
    neighbours: int

    def check(self) -> AggregateCheck:
        """Compare every set's aggregate with its bounds."""
        return check_aggregate(self.scores, self.honest, self.neighbours)


def random_sets(shape: Shape, count: int, random: np.random.Generator) -> Iterator[ScoreSets]:
    """Yield sets of several kinds, `count` of each: few different scores, so many ties; any scores; honest ones close.

    The malicious rows lie anywhere among the ids.
    """
    rows = shape.honest + shape.malicious
    for top in (3, 40, SCORE_ONE):
        yield ScoreSets(random.integers(0, top + 1, (rows, count)), placed(shape, random), shape.neighbours)
    flags = placed(shape, random)
    centre = random.integers(2000, SCORE_ONE - 2000, count)
    close = centre + random.integers(-1000, 1001, (rows, count))
    wild = random.integers(0, SCORE_ONE + 1, (rows, count))
    yield ScoreSets(np.where(np.array(flags)[:, None], close, wild), flags, shape.neighbours)


def placed(shape: Shape, random: np.random.Generator) -> tuple[bool, ...]:
    """Say which rows are honest, at random."""
    order = random.permutation(shape.honest + shape.malicious)
    return tuple(bool(place < shape.honest) for place in order)


def small_sets(shape: Shape, top: int) -> Iterator[ScoreSets]:
    """Yield every set of the scores 0 to `top`, for every place of the malicious rows."""
    rows = shape.honest + shape.malicious
    scores = np.array(list(product(range(top + 1), repeat=rows)), dtype=np.int64).T
    for malicious in combinations(range(rows), shape.malicious):
        yield ScoreSets(scores, tuple(row not in malicious for row in range(rows)), shape.neighbours)


def hostile_sets(start: ScoreSets) -> Iterator[ScoreSets]:
    """Yield everything that an attacker tries who knows all honest scores and wants the aggregate beyond its bounds.

    It goes through its rows, gives each the score that brings the aggregate nearest to a bound or farthest beyond, and
    begins again.
    """
    best = start
    for _ in range(PASSES):
        for row in malicious_rows(start.honest):
            for choice in choices(best):
                scores = best.scores.copy()
                scores[row] = choice
                tried = ScoreSets(scores, best.honest, best.neighbours)
                yield tried
                better = slack(tried.check()) < slack(best.check())
                best = ScoreSets(np.where(better, scores, best.scores), best.honest, best.neighbours)


def malicious_rows(honest: Sequence[bool]) -> list[int]:
    """Give the rows that are not honest."""
    return [row for row, is_honest in enumerate(honest) if not is_honest]


def choices(sets: ScoreSets) -> Iterator[Integers]:
    """Yield scores that an attacker may try: every honest one, up to a range beyond their ends, and the extremes."""
    good = sets.scores[np.array(sets.honest)]
    yield from good
    low, high = good.min(axis=0), good.max(axis=0)
    for part in range(QUARTERS + 1):
        beyond = part * (high - low) // QUARTERS
        yield np.minimum(high + beyond, SCORE_ONE)
        yield np.maximum(low - beyond, 0)
    yield np.zeros_like(low)
    yield np.full_like(high, SCORE_ONE)


def slack(check: AggregateCheck) -> Integers:
    """Give how far inside its bounds every m h_a* lies, below 0 outside."""
    return np.asarray(np.minimum(check.total - check.low, check.high - check.total), dtype=np.int64)


def positions(check: AggregateCheck) -> npt.NDArray[np.float64]:
    """Give where every aggregate lies between its bounds, 0 to 1, of those whose bounds differ."""
    wide = check.low < check.high
    inside = (check.total - check.low)[wide] / (check.high - check.low)[wide]
    return np.asarray(inside, dtype=np.float64)

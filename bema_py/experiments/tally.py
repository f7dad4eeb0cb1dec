"""How the theorems' bounds came out: how often they failed, as printed and as corrected, and how near they came."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from bema_py.core.rules import SCORE_ONE
from bema_py.experiments.score_sets import ScoreSets, positions, slack
from bema_py.learning.theorems import AggregateCheck, MarginCheck

THEOREM_1, THEOREM_2, THEOREM_3, LEMMA_1 = "Theorem 1", "Theorem 2", "Theorem 3", "Lemma 1"
BINS = 40
"""Equal parts of the way from the lower to the upper bound."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over the cases of one statement.

    printed: cases outside the bound as the paper prints it. trivial: those of them in which nothing can be strictly
    inside, because both bounds are equal. corrected: cases outside the bound that docs/theorems.md gives. least: the
    smallest distance to that bound, in 2^-24, below 0 outside it; None where there is none.
    """

    cases: int = 0
    printed: int = 0
    trivial: int = 0
    corrected: int = 0
    least: Fraction | None = None

    def plus(self, other: "Tally") -> "Tally":
        """Add the cases of another tally."""
        known = [each.least for each in (self, other) if each.least is not None]
        return Tally(
            self.cases + other.cases,
            self.printed + other.printed,
            self.trivial + other.trivial,
            self.corrected + other.corrected,
            min(known, default=None),
        )

    def to_plain(self) -> dict[str, Any]:
        """Give the counts as JSON holds them; the distance as a fraction of the score 2^-24."""
        counts = {name: getattr(self, name) for name in ("cases", "printed", "trivial", "corrected")}
        return {**counts, "least": None if self.least is None else str(self.least)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Tally":
        """Read what to_plain gave."""
        least = plain["least"]
        return cls(**{**plain, "least": None if least is None else Fraction(least)})

    @property
    def least_score(self) -> float | None:
        """Give the smallest distance as a score, 0 to 1."""
        return None if self.least is None else float(self.least / SCORE_ONE)


def aggregate_tally(check: AggregateCheck, neighbours: int) -> Tally:
    """Count Theorem 2: strict as printed, not strict as corrected."""
    outside = ~check.strictly_within
    return Tally(
        len(check.total),
        int(outside.sum()),
        int((outside & (check.low == check.high)).sum()),
        int((~check.within).sum()),
        Fraction(int(slack(check).min()), neighbours),
    )


def lemma_tally(check: AggregateCheck) -> Tally:
    """Count Lemma 1, which holds as printed wherever Theorem 2's condition does."""
    outside = int((~check.chosen_inside).sum())
    return Tally(len(check.total), outside, 0, outside)


def margin_tally(check: MarginCheck, samples: Iterable[int]) -> Tally:
    """Count Theorem 3 on some samples: strict as printed, not strict as corrected."""
    tally = Tally()
    for sample in samples:
        low, rho, high = check.bounds(sample)
        printed, outside = not low < rho < high, not low <= rho <= high
        distance = min(rho - low, high - rho)
        tally = tally.plus(Tally(1, int(printed), int(printed and low == high), int(outside), distance))
    return tally


@dataclass
class Findings:
    """Tallies by statement, and how many aggregates lie in each of BINS parts of the way between their bounds."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    places: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, dtype=np.int64))

    def add(self, statement: str, tally: Tally) -> None:
        """Count further cases of a statement."""
        self.tallies[statement] = self.tallies.get(statement, Tally()).plus(tally)

    def see(self, sets: ScoreSets) -> AggregateCheck:
        """Count what these sets say of Theorem 2 and Lemma 1; gives their comparison with the bounds."""
        check = sets.check()
        self.add(THEOREM_2, aggregate_tally(check, sets.neighbours))
        self.add(LEMMA_1, lemma_tally(check))
        self.places += np.histogram(positions(check), BINS, (0.0, 1.0))[0]
        return check

    def to_plain(self) -> dict[str, Any]:
        """Give everything as JSON holds it."""
        tallies = {statement: tally.to_plain() for statement, tally in self.tallies.items()}
        return {"tallies": tallies, "places": self.places.tolist()}

    def include(self, plain: Mapping[str, Any]) -> None:
        """Add what to_plain gave."""
        for statement, tally in plain["tallies"].items():
            self.add(statement, Tally.from_plain(tally))
        self.places += np.array(plain["places"], dtype=np.int64)

"""The smallest cases we know in which the paper's statements fail as printed, computed anew for every report."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bema_py.experiments.affine import STEP_SIZE, AffineCase, AffineClass
from bema_py.learning.krum import krum_aggregate
from bema_py.learning.steps import ENHANCE, IMPAIR
from bema_py.learning.theorems import Slopes, check_aggregate, printed_bounds


@dataclass(frozen=True, slots=True)
class Example:
    """A case, what the statement as printed demands of it, and what is; `fails` says whether they disagree."""

    statement: str
    case: str
    demanded: str
    found: str
    fails: bool


def examples() -> list[Example]:
    """Give every example."""
    return [
        strict("Theorem 2, strict", [1, 2, 1, 0, 0], [1], 3),
        strict("Theorem 2, strict, where all agree", [7, 7, 7, 7, 7], [], 3),
        strict("Theorem 2, every holder a neighbour (alpha = 1)", [0, 0, 1], [2], 3),
        chosen("Lemma 1 with m = 2f", [31, 0, 15, 30], [0], 2),
        step("Theorem 1, the cap cuts the step", AffineClass((5,), (10,), 1), AffineClass((5,), (10,), 1), 1),
        step("Theorem 1, Krum chooses anew: falls", AffineClass((0, 90, 100), (13, 1, 1), 2), ALONE, 7),
        step("Theorem 1, Krum chooses anew: leaps", AffineClass((0, 2, 100, 103), (7, 1, 1, 1), 2), ALONE, 1),
    ]


ALONE = AffineClass((5,), (1,), 1)


def strict(statement: str, scores: Sequence[int], malicious: Sequence[int], neighbours: int) -> Example:
    """Hold Theorem 2 as printed against the scores of one class; `malicious` are rows of them."""
    honest = [row not in malicious for row in range(len(scores))]
    found = check_aggregate(column(scores), honest, neighbours)
    low, total, high = (Fraction(int(part[0]), neighbours) for part in (found.low, found.total, found.high))
    return Example(
        statement,
        described(scores, malicious, neighbours),
        f"{low} < aggregate < {high}",
        f"aggregate = {total}",
        not low < total < high,
    )


def chosen(statement: str, scores: Sequence[int], malicious: Sequence[int], neighbours: int) -> Example:
    """Hold Lemma 1 against the scores of one class."""
    good = [score for row, score in enumerate(scores) if row not in malicious]
    own = scores[int(krum_aggregate(column(scores), neighbours).chosen[0])]
    return Example(
        statement,
        described(scores, malicious, neighbours),
        f"{min(good)} <= score of the chosen model <= {max(good)}",
        f"score = {own}",
        not min(good) <= own <= max(good),
    )


def step(statement: str, right: AffineClass, wrong: AffineClass, cap: int) -> Example:
    """Hold Theorem 1 as printed against one calibration."""
    norms = [Fraction(slope) for slope in (*right.slopes, *wrong.slopes)]
    slopes = Slopes(min(norms), max(norms), max(norms))
    low, high = printed_bounds(STEP_SIZE, Fraction(cap), max(right.neighbours, wrong.neighbours), slopes)
    found = right.improved(ENHANCE, cap).selected - wrong.improved(IMPAIR, cap).selected
    case = AffineCase(right, wrong, cap)
    return Example(
        statement,
        f"scores of y {list(right.scores)} with slopes {list(right.slopes)}, m = {right.neighbours}; of y- "
        f"{list(wrong.scores)} with slopes {list(wrong.slopes)}; G = {case.cap}",
        f"{low} <= improvement <= {high}",
        f"improvement = {found}",
        not low <= found <= high,
    )


def described(scores: Sequence[int], malicious: Sequence[int], neighbours: int) -> str:
    """Name the scores by party id and who lies."""
    good = sorted(score for row, score in enumerate(scores) if row not in malicious)
    false = [scores[row] for row in malicious]
    numbers = f"f = {len(false)}, m = {neighbours}, K = {len(good)}"
    return f"{numbers}: honest {good}, malicious {false}; by id {list(scores)}"


def column(scores: Sequence[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Give the scores of one sample as Krum takes them."""
    return np.array(scores, dtype=np.int64)[:, None]

"""Looking through a party's records: in the order drawn, and no further than until enough was found."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from bema_py.experiments.systems import Chooser, Scorer
from bema_py.learning.datasets import Dataset, IndexArray
from bema_py.learning.krum import Integers
from bema_py.learning.scoring import Scores

FIRST_PIECE = 32
"""Records that an honest party looks at before it first asks whether it has found enough."""
ATTACKER_PIECE = 128
"""Records that an attacker scores at once: it judges each under every class, which is faster for many."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some records that were looked through: their rows in the party's data, the records, and their scores."""

    rows: IndexArray
    samples: Dataset
    scores: Scores

    @property
    def labels(self) -> Integers:
        """Give the true classes as integers, (samples,)."""
        return self.samples.labels.astype(np.int64)


@dataclass(eq=False)
class Search:
    """The records that an attacker may look through for a block, in the order drawn; nothing is scored twice.

    size: records scored at once.
    """

    rows: IndexArray
    private: Dataset
    scorer: Scorer
    size: int = ATTACKER_PIECE
    scored: list[Piece] = field(default_factory=list)

    def pieces(self) -> Iterator[Piece]:
        """Yield the records piece by piece, scored when they are asked for."""
        for number, start in enumerate(range(0, len(self.rows), self.size)):
            if number == len(self.scored):
                rows = self.rows[start : start + self.size]
                samples = self.private.select(rows)
                self.scored.append(Piece(rows, samples, self.scorer(samples.images)))
            yield self.scored[number]


def growing(count: int, first: int) -> list[int]:
    """Give where to cut `count` records into pieces, each three times as long as all before it together.

    Where little is found nearly everything is looked at in one piece, which takes the least time.
    """
    cuts = [first]
    while 4 * cuts[-1] < count:
        cuts.append(4 * cuts[-1])
    return cuts if first < count else []


def wanted_rows(chooser: Chooser, rows: IndexArray, private: Dataset, quota: int) -> IndexArray:
    """Give the first `quota` of these rows that an honest party may offer."""
    found: list[int] = []
    for part in np.split(rows, growing(len(rows), FIRST_PIECE)):
        samples = private.select(part)
        found += part[chooser(samples.images, samples.labels.astype(np.int64))].tolist()
        if len(found) >= quota:
            break
    return np.array(found[:quota], dtype=np.int64)

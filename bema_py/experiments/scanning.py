"""Looking through a party's records: in the order drawn, and no further than until enough was found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from bema_py.experiments.systems import System
from bema_py.learning.datasets import Dataset, IndexArray
from bema_py.learning.forward import ByteArray
from bema_py.learning.krum import Integers
from bema_py.learning.scoring import Scores, group_models, group_scores

HONEST_PIECE = 32
"""Records that an honest party scores at once: more at once is hardly faster, and less would be left over."""
ATTACKER_PIECE = 128
"""Records that an attacker scores at once: it judges each under every class, which is faster for many."""

Scorer = Callable[[ByteArray], Scores]
"""Gives the exact scores (members, samples, classes) of images at the models of one block."""


def scorer_of(system: System) -> Scorer:
    """Give the scores of a system's models as they are now; the models are stacked once for the whole block."""
    models = [system.models[party] for party in system.membership.ids]
    groups = group_models(models, system.rules.input, system.rules.classes)
    return partial(group_scores, groups, classes=system.rules.classes)


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
    """The records that a party may look through for a block, in the order drawn; nothing is scored twice.

    size: records scored at once.
    """

    rows: IndexArray
    private: Dataset
    scorer: Scorer
    size: int = HONEST_PIECE
    scored: list[Piece] = field(default_factory=list)

    def pieces(self) -> Iterator[Piece]:
        """Yield the records piece by piece, scored when they are asked for."""
        for number, start in enumerate(range(0, len(self.rows), self.size)):
            if number == len(self.scored):
                rows = self.rows[start : start + self.size]
                samples = self.private.select(rows)
                self.scored.append(Piece(rows, samples, self.scorer(samples.images)))
            yield self.scored[number]


def wanted_rows(system: System, search: Search, quota: int) -> IndexArray:
    """Give the rows of the first `quota` records that an honest party may offer."""
    found: list[int] = []
    for piece in search.pieces():
        found += piece.rows[system.wanted(piece.scores, piece.labels)].tolist()
        if len(found) >= quota:
            break
    return np.array(found[:quota], dtype=np.int64)

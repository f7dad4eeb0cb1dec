"""Looking through a party's records: in the order drawn, and no further than until enough was found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from bema_py.core.types import PartyId
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


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The records that an honest party may look through for a block: rows of its data, in the order drawn."""

    rows: IndexArray
    private: Dataset


@dataclass(eq=False)
class Search:
    """The records that an attacker may look through for a block, in the order drawn; nothing is scored twice."""

    rows: IndexArray
    private: Dataset
    scorer: Scorer
    scored: list[Piece] = field(default_factory=list)

    def pieces(self, size: int = ATTACKER_PIECE) -> Iterator[Piece]:
        """Yield the records piece by piece; so many are scored at once when they are asked for."""
        number = start = 0
        while start < len(self.rows):
            if number == len(self.scored):
                rows = self.rows[start : start + size]
                samples = self.private.select(rows)
                self.scored.append(Piece(rows, samples, self.scorer(samples.images)))
            piece = self.scored[number]
            number, start = number + 1, start + len(piece.rows)
            yield piece


def wanted_rows(chooser: Chooser, looks: Mapping[PartyId, Look], quota: int) -> dict[PartyId, IndexArray]:
    """Give for each party the first `quota` of its rows that it may offer.

    All parties look through a piece of their rows at once: records of one class are then scored together, whoever has
    them. Each piece is three times as long as all before it: where little is found nearly everything is looked at.
    """
    found: dict[PartyId, list[int]] = {party: [] for party in looks}
    start, end = 0, FIRST_PIECE
    while searching := {
        party: look.rows[start:end]
        for party, look in looks.items()
        if len(found[party]) < quota and start < len(look.rows)
    }:
        samples = Dataset.joined([looks[party].private.select(rows) for party, rows in searching.items()])
        chosen = chooser(samples.images, samples.labels.astype(np.int64))
        cuts = np.cumsum([len(rows) for rows in searching.values()])[:-1]
        for (party, rows), mask in zip(searching.items(), np.split(chosen, cuts), strict=True):
            found[party] += rows[mask].tolist()
        start, end = end, 4 * end
    return {party: np.array(rows[:quota], dtype=np.int64) for party, rows in found.items()}

"""The parties' private data during a run: what a party looks through for a block, and what it has offered."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bema_py.core.batch import Sample
from bema_py.core.types import PartyId
from bema_py.learning.datasets import Dataset, IndexArray
from bema_py.roles.sample_miner import samples_at


@dataclass
class Holdings:
    """Every party's private data and the rows of it that were offered so far; those are never offered again."""

    private: Mapping[PartyId, Dataset]
    seed: int
    offered: dict[PartyId, set[int]] = field(default_factory=dict)

    def scan(self, party: PartyId, height: int, size: int) -> IndexArray:
        """Draw the rows that a party looks through for a block, at random from those it never offered."""
        rows = np.arange(len(self.private[party]))
        fresh = np.setdiff1d(rows, np.array(sorted(self.offered.get(party, ())), dtype=np.int64))
        random = np.random.default_rng((self.seed, height, party))
        return random.permutation(fresh)[:size].astype(np.int64)

    def offer(self, party: PartyId, rows: IndexArray) -> tuple[Sample, ...]:
        """Give these rows as samples and remember that they were offered."""
        self.offered.setdefault(party, set()).update(rows.tolist())
        return samples_at(self.private[party], rows.tolist())

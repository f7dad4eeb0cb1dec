"""A data witness that attackers build of their own data: they know its constants, but not founders' references."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bema_py.core.types import PartyId
from bema_py.core.witness import WitnessRules
from bema_py.learning.datasets import ByteArray, Dataset, IndexArray
from bema_py.learning.krum import Integers
from bema_py.learning.references import ReferenceSet, reference_set, split_references
from bema_py.learning.witness import UNKNOWN, Distances, objections, pooled_distances

AT_ONCE = 512
"""Images measured at once, so that memory stays bounded."""


@dataclass(frozen=True, eq=False)
class Surrogate:
    """References of the attackers' own, and the public rules by which they guess what founders' references will say.

    rows: the rows of each attacker's data that serve as references; a sample among them would always look genuine.
    guesses: for each attacker the guessed d(y) of all its records and every class, (records, classes).
    """

    rules: WitnessRules
    references: ReferenceSet
    classes: int
    rows: Mapping[PartyId, IndexArray]
    guesses: Mapping[PartyId, Distances]

    @classmethod
    def of(
        cls,
        private: Mapping[PartyId, Dataset],
        public: Dataset | None,
        rules: WitnessRules,
        classes: int,
        seed: int,
    ) -> "Surrogate":
        """Set references aside as a founder does, of every attacker's data, and add the public set."""
        rows = {}
        for party, data in private.items():
            secret = seed.to_bytes(8, "big") + party.to_bytes(4, "big")
            rows[party], _ = split_references(data, tuple(np.unique(data.labels).tolist()), secret)
        parts = [data.select(rows[party]) for party, data in private.items()]
        parts += [] if public is None else [public]
        references = reference_set(rules.feature, Dataset.joined(parts), b"")
        guesses = {party: guessed(references, data.images, classes) for party, data in private.items()}
        return cls(rules, references, classes, rows, guesses)

    def passing(self, party: PartyId, rows: IndexArray) -> npt.NDArray[np.bool_]:
        """Say under which classes it has no objection to an attacker's records, (rows, classes).

        A record that is a reference itself passes under none.
        """
        distances = self.guesses[party][rows]
        columns = [unopposed(distances, np.full(len(rows), y), self.rules) for y in range(self.classes)]
        return np.stack(columns, axis=1) & ~np.isin(rows, self.rows[party])[:, None]

    def passes(self, images: ByteArray, labels: Integers) -> npt.NDArray[np.bool_]:
        """Say which images (n, channels, height, width), under these labels, it has no objection to."""
        return unopposed(guessed(self.references, images, self.classes), labels, self.rules)

    def likeness(self, party: PartyId, rows: IndexArray, labels: Integers) -> npt.NDArray[np.float64]:
        """Give d(own class) / d(y) of an attacker's records, (rows, classes): how much each looks like each class.

        0 where there are no references of y.
        """
        distances = self.guesses[party][rows]
        own = distances[np.arange(len(rows)), labels].astype(np.float64)
        return np.where(distances == UNKNOWN, 0.0, own[:, None] / np.maximum(distances, 1))


def guessed(references: ReferenceSet, images: ByteArray, classes: int) -> Distances:
    """Give d(y) of every image and class by these references, (images, classes)."""
    found = [
        references.distances(images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)
    ]
    return pooled_distances([(references.classes, np.concatenate(found))], len(images), classes)


def unopposed(distances: Distances, labels: Integers, rules: WitnessRules) -> npt.NDArray[np.bool_]:
    """Say which samples 10b lets pass, by their distances (samples, classes) and labels."""
    return np.array(
        [found is None for found in objections(distances, labels.tolist(), rules)], dtype=np.bool_
    )

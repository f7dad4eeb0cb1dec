"""A data witness that attackers build of their own data: they know its constants, but not founders' references."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bema_py.core.types import PartyId
from bema_py.core.witness import WitnessRules
from bema_py.learning.datasets import Dataset, IndexArray
from bema_py.learning.forward import ByteArray
from bema_py.learning.krum import Integers
from bema_py.learning.references import ReferenceSet, reference_set, split_references
from bema_py.learning.witness import UNKNOWN, Distances, objections, pooled_distances


@dataclass(frozen=True, eq=False)
class Surrogate:
    """References of the attackers' own, and the public rules by which they guess what founders' references will say.

    rows: the rows of each attacker's data that serve as references; a sample among them would always look genuine.
    """

    rules: WitnessRules
    references: ReferenceSet
    rows: Mapping[PartyId, IndexArray]

    @classmethod
    def of(
        cls, private: Mapping[PartyId, Dataset], public: Dataset | None, rules: WitnessRules, seed: int
    ) -> "Surrogate":
        """Set references aside as a founder does, of every attacker's data, and add the public set."""
        rows = {}
        for party, data in private.items():
            secret = seed.to_bytes(8, "big") + party.to_bytes(4, "big")
            rows[party], _ = split_references(data, tuple(np.unique(data.labels).tolist()), secret)
        parts = [data.select(rows[party]) for party, data in private.items()]
        parts += [] if public is None else [public]
        images = np.concatenate([part.images for part in parts])
        labels = np.concatenate([part.labels for part in parts])
        return cls(rules, reference_set(rules.feature, Dataset(images, labels), b""), rows)

    def distances(self, images: ByteArray, classes: int) -> Distances:
        """Give the guessed d(y) of every image and class, (n, classes); UNKNOWN where there are no references."""
        heard = [(self.references.classes, self.references.distances(images))]
        return pooled_distances(heard, len(images), classes)

    def passes(self, images: ByteArray, labels: Integers, classes: int) -> npt.NDArray[np.bool_]:
        """Say which images, under these labels, the surrogate has no objection to."""
        return unopposed(self.distances(images, classes), labels, self.rules)

    def passing(self, images: ByteArray, classes: int) -> npt.NDArray[np.bool_]:
        """Say under which classes the surrogate has no objection to each image, (n, classes)."""
        distances = self.distances(images, classes)
        columns = [unopposed(distances, np.full(len(images), y), self.rules) for y in range(classes)]
        return np.stack(columns, axis=1)

    def nearness(self, images: ByteArray, labels: Integers, classes: int) -> npt.NDArray[np.float64]:
        """Give d(true class) / d(y) of every image and class y, (n, classes): the larger, the more like y it looks.

        0 where there are no references of y.
        """
        distances = self.distances(images, classes)
        own = distances[np.arange(len(labels)), labels].astype(np.float64)
        return np.where(distances == UNKNOWN, 0.0, own[:, None] / np.maximum(distances, 1))


def unopposed(distances: Distances, labels: Integers, rules: WitnessRules) -> npt.NDArray[np.bool_]:
    """Say which samples 10b lets pass, by their distances (samples, classes) and labels."""
    return np.array(
        [found is None for found in objections(distances, labels.tolist(), rules)], dtype=np.bool_
    )

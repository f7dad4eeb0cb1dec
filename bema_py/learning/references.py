"""A founder's private references: chosen, committed to by a salted Merkle root, opened one at a time in a dispute."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bema_py.core.errors import InputError
from bema_py.core.hashing import sha256, sha256d
from bema_py.core.merkle import merkle_proof, merkle_root, verify_inclusion
from bema_py.core.types import Digest
from bema_py.core.witness import NEIGHBOURS, Feature, ReferenceLeaf
from bema_py.learning.datasets import ByteArray, Dataset, DatasetSizeError, IndexArray
from bema_py.learning.witness import Distances, features, nearest_distances

MAX_REFERENCES = 600
"""References of one class: more hardly sharpen the distances, and what serves as reference cannot calibrate."""


class WrongOpeningError(InputError):
    """An opened reference does not stand under the founder's root."""

    def __init__(self, index: int, root: Digest) -> None:
        """Keep the index of the reference and the root."""
        self.index, self.root = index, root
        super().__init__(f"reference {index} does not stand under the root 0x{root.hex()}")


@dataclass(frozen=True, slots=True)
class ReferenceOpening:
    """One reference with its way to the founder's root: what a founder shows in a dispute, and nothing else."""

    index: int
    count: int
    label: int
    salt: bytes
    feature: bytes
    proof: tuple[Digest, ...]

    def check(self, root: Digest) -> None:
        """Raise WrongOpeningError unless this reference stands under the root."""
        leaf = ReferenceLeaf(self.salt, self.label, sha256(self.feature)).leaf()
        if not verify_inclusion(root, leaf, self.index, self.count, self.proof):
            raise WrongOpeningError(self.index, root)


@dataclass(frozen=True)
class ReferenceSet:
    """Features of private samples by class, and the founder's secret that the leaves' salts are derived from.

    The references of the lowest class come first under the root. They are never offered as calibration samples.
    """

    kind: Feature
    by_class: Mapping[int, ByteArray]
    secret: bytes

    @property
    def classes(self) -> tuple[int, ...]:
        """Give the founder's held classes, ascending."""
        return tuple(sorted(self.by_class))

    @cached_property
    def leaves(self) -> tuple[Digest, ...]:
        """Give the leaves under the root."""
        return tuple(
            ReferenceLeaf(self.salt(index), label, sha256(feature)).leaf()
            for index, (label, feature) in enumerate(self._listed())
        )

    @property
    def root(self) -> Digest:
        """Give the root that stands in the rules."""
        return merkle_root(self.leaves)

    def salt(self, index: int) -> bytes:
        """Give one leaf's salt; it tells nothing of the others."""
        return sha256d(b"salt" + index.to_bytes(4, "big") + self.secret)

    def distances(self, images: ByteArray) -> Distances:
        """Give every image's squared distances to the nearest references, (n, held classes, NEIGHBOURS)."""
        found = features(images, self.kind)
        return np.stack([nearest_distances(found, self.by_class[label]) for label in self.classes], axis=1)

    def nearest(self, image: ByteArray, label: int, rank: int) -> int:
        """Give the index under the root of a reference behind a stated distance; rank 0 is the nearest.

        `image` is (channels, height, width). Of equally near references the first counts.
        """
        own = self.by_class[label].astype(np.int64)
        away = ((own - features(image[None], self.kind).astype(np.int64)) ** 2).sum(axis=1)
        before = sum(len(self.by_class[other]) for other in self.classes if other < label)
        return before + int(np.argsort(away, kind="stable")[rank])

    def open(self, index: int) -> ReferenceOpening:
        """Open one reference; raises IndexOutOfRangeError."""
        proof = merkle_proof(self.leaves, index)
        label, feature = self._listed()[index]
        return ReferenceOpening(index, len(self.leaves), label, self.salt(index), feature, proof)

    def _listed(self) -> list[tuple[int, bytes]]:
        return [(label, row.tobytes()) for label in self.classes for row in self.by_class[label]]


def split_references(
    private: Dataset, classes: tuple[int, ...], secret: bytes
) -> tuple[IndexArray, IndexArray]:
    """Choose by the secret which of a founder's samples are references and which may calibrate: two lists of indices.

    At most MAX_REFERENCES of a class, and no more than half of it. Raises DatasetSizeError for a class with fewer than
    NEIGHBOURS references.
    """
    random = np.random.default_rng(int.from_bytes(sha256d(b"choice" + secret), "big"))
    chosen = []
    for label in classes:
        rows = random.permutation(np.flatnonzero(private.labels == label))
        size = min(MAX_REFERENCES, len(rows) // 2)
        if size < NEIGHBOURS:
            raise DatasetSizeError("the data witness", label, len(rows), 2 * NEIGHBOURS)
        chosen.append(rows[:size])
    references = np.sort(np.concatenate(chosen))
    return references, np.setdiff1d(np.arange(len(private)), references)


def reference_set(kind: Feature, references: Dataset, secret: bytes) -> ReferenceSet:
    """Make a founder's reference set of these samples and no others."""
    found = features(references.images, kind)
    present = np.unique(references.labels).tolist()
    return ReferenceSet(kind, {label: found[references.labels == label] for label in present}, secret)

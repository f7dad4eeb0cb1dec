"""Attacks with images that were changed by hand: mixed with others, or stamped with a trigger."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from bema_py.core.batch import Sample
from bema_py.experiments.scanning import ATTACKER_PIECE
from bema_py.experiments.strategies.claims import passing, samples_of, unsent
from bema_py.experiments.strategies.view import AttackView
from bema_py.learning.attacks import stamped
from bema_py.learning.datasets import ByteArray, Dataset
from bema_py.learning.krum import Integers

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Shares of the second image of a blend, tried in this order; above a half it would be the larger part."""
BLENDS_A_MESSAGE = 2
"""Pairs of images that are blended for each message; not every pair passes."""


def blends(view: AttackView) -> tuple[Sample, ...]:
    """Mix each record with one of another class, as little as needed until it passes under that class.

    Through the attackers' own witness too, where the rules know one.
    """
    return tuple(islice(passing_blends(view), view.limit))


def passing_blends(view: AttackView) -> Iterator[Sample]:
    """Yield, for one pair of records after another, the blend with the least share that passes."""
    first, second = pairs(view)
    labels = second.labels.astype(np.int64)
    images = np.stack([mixed(first.images, second.images, share) for share in SHARES])
    flat = images.reshape(-1, *first.shape)
    claimed = np.tile(labels, len(SHARES))
    ok = passing(view.scene, flat, claimed)
    surrogate = view.scene.ring.surrogate
    if surrogate is not None:
        ok &= surrogate.passes(flat, claimed)
    by_pair = ok.reshape(len(SHARES), -1)
    for pair in np.flatnonzero(by_pair.any(axis=0)).tolist():
        chosen = images[by_pair[:, pair].argmax(), pair]
        yield from unsent(view.scene, samples_of(chosen[None], [labels[pair]]))


def pairs(view: AttackView) -> tuple[Dataset, Dataset]:
    """Pair the first records of an attacker's search with random ones of its own of other classes."""
    data = view.search.private
    rows = view.search.rows[: BLENDS_A_MESSAGE * view.limit]
    random = view.random()
    partners = [random.choice(np.flatnonzero(data.labels != data.labels[row])) for row in rows]
    return data.select(rows), data.select(partners)


def mixed(first: ByteArray, second: ByteArray, share: float) -> ByteArray:
    """Mix two images, a share of the second, rounded to grey levels."""
    blend = (1 - share) * first.astype(np.float64) + share * second.astype(np.float64)
    return np.rint(blend).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Backdoor:
    """Stamp records with a trigger and send them under one target class, those of other classes first.

    The models shall learn to see the target wherever the trigger is. Only what passes eqs. 8 to 10 is sent.
    """

    target: int = 8

    def __call__(self, view: AttackView) -> tuple[Sample, ...]:
        """Give at most `view.limit` stamped samples."""
        false, true = self.passing(view)
        return tuple((false + true)[: view.limit])

    def passing(self, view: AttackView) -> tuple[list[Sample], list[Sample]]:
        """Find stamped records that pass under the target: of other classes, and of the target itself."""
        false: list[Sample] = []
        true: list[Sample] = []
        for start in range(0, len(view.search.rows), ATTACKER_PIECE):
            data = view.search.private.select(view.search.rows[start : start + ATTACKER_PIECE])
            images = stamped(data.images)
            claimed: Integers = np.full(len(images), self.target)
            ok = passing(view.scene, images, claimed)
            own = data.labels == self.target
            false += unsent(view.scene, samples_of(images[ok & ~own], claimed[ok & ~own]))
            true += unsent(view.scene, samples_of(images[ok & own], claimed[ok & own]))
            if len(false) >= view.limit:
                break
        return false, true

    def triggered(self, test: Dataset) -> Dataset:
        """Give the test samples of other classes with the trigger, labelled as the target: what the attack wins."""
        others = test.select(np.flatnonzero(test.labels != self.target))
        return Dataset(stamped(others.images), np.full(len(others), self.target, dtype=np.uint8))

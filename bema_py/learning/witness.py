"""How near samples lie to private references, and what the data witness (10b) decides by it. **Extension**."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bema_py.core.witness import NEIGHBOURS, Feature, WitnessRules
from bema_py.learning.datasets import ByteArray
from bema_py.learning.margin import Verdict
from bema_py.learning.strokes import stroke_features

Distances = npt.NDArray[np.int64]
"""Squared Euclidean distances of features, exact."""

UNKNOWN = -1
"""Stands for the distance to a class that no founder was heard about."""


def features(images: ByteArray, kind: Feature) -> ByteArray:
    """Give what distances are taken of, uint8 (n, values), from images (n, channels, height, width).

    Raises StrokeShapeError for images that have no "strokes".
    """
    return stroke_features(images) if kind == "strokes" else images.reshape(len(images), -1)


def nearest_distances(samples: ByteArray, references: ByteArray) -> Distances:
    """Give each sample's squared distances to its nearest references, nearest first, (samples, NEIGHBOURS)."""
    # Every partial sum is an integer below 2^53, so float64 is exact in whatever order it adds.
    first, second = samples.astype(np.float64), references.astype(np.float64)
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    found = (squares - 2 * first @ second.T).astype(np.int64)
    return np.sort(np.partition(found, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS], axis=1)


def pooled_distances(
    heard: Sequence[tuple[Sequence[int], Distances]], samples: int, classes: int
) -> Distances:
    """Give d(y) of every sample and class, (samples, classes): the sum over its nearest references of all founders.

    `heard` holds for each founder its classes and its distances (samples, its classes, NEIGHBOURS). A class nobody was
    heard about is UNKNOWN.
    """
    pooled = np.full((samples, classes), UNKNOWN, dtype=np.int64)
    for label in range(classes):
        rows = [found[:, list(held).index(label)] for held, found in heard if label in held]
        if rows:
            pooled[:, label] = np.sort(np.concatenate(rows, axis=1), axis=1)[:, :NEIGHBOURS].sum(axis=1)
    return pooled


def objections(pooled: Distances, labels: Sequence[int], rules: WitnessRules) -> tuple[Verdict | None, ...]:
    """Say what the references hold against each sample, None where nothing (10b).

    A sample (x, y) must lie nearer to y than to every other class, up to the ratio, and not too far from y:
    d(y) * denominator <= d(y') * numerator for all y' != y, and d(y) <= farthest.
    """
    return tuple(objection(row, label, rules) for row, label in zip(pooled.tolist(), labels, strict=True))


def objection(distances: Sequence[int], label: int, rules: WitnessRules) -> Verdict | None:
    """Decide about one sample by its distance to each class."""
    numerator, denominator = rules.ratio
    own = distances[label]
    others = [other for y, other in enumerate(distances) if y != label and other != UNKNOWN]
    if own == UNKNOWN or not others:
        return Verdict.UNHEARD
    if own * denominator > min(others) * numerator:
        return Verdict.NEARER_TO_ANOTHER
    if rules.farthest and own > rules.farthest:
        return Verdict.FAR_FROM_ITS_CLASS
    return None

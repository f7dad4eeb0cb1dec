"""The Krum aggregate of one class (eqs. 4 to 7), exact and for many samples at once.

Scores are numbers, so the m nearest of one of them are a window of the sorted scores. That gives every sum of
distances from prefix sums; only the chosen model's neighbours are then sorted by distance and party.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KrumAggregate:
    """The aggregate of one class on each of a number of samples; every array is int64 (samples,).

    neighbours: m. chosen: the row of the chosen model a (or b). total: the sum of the m scores, so the
    aggregate is total / neighbours in 2^-24, never divided out. spread: the largest |m P_k - total| over the
    m. distances: the sum of distances that made a the choice.
    """

    neighbours: int
    chosen: Integers
    total: Integers
    spread: Integers
    distances: Integers


def neighbour_count(holders: int, alpha: tuple[int, int]) -> int:
    """Give m = max(1, ceil(alpha * holders)) for alpha = numerator / denominator."""
    numerator, denominator = alpha
    return max(1, -(-numerator * holders // denominator))


def krum_aggregate(scores: Integers, neighbours: int) -> KrumAggregate:
    """Aggregate scores (holders, samples) whose rows are in ascending order of party ids.

    Of each row j the `neighbours` nearest scores count, j itself first, then by (distance, party id). The row
    with the least sum of distances is chosen, ties to the lowest id.
    """
    chosen, distances = choose(scores, neighbours)
    own = np.take_along_axis(scores, chosen[None], axis=0)
    rows = np.arange(len(scores), dtype=np.int64)[:, None]
    # One key for (not itself, distance, party): the row itself is 0, all others are at least 1.
    keys = np.abs(scores - own) * (len(scores) + 1) + rows + 1
    np.put_along_axis(keys, chosen[None], 0, axis=0)
    nearest = np.argpartition(keys, neighbours - 1, axis=0)[:neighbours]
    values = np.take_along_axis(scores, nearest, axis=0)
    total = values.sum(axis=0)
    spread = np.abs(neighbours * values - total).max(axis=0)
    return KrumAggregate(neighbours, chosen, total, spread, distances)


def choose(scores: Integers, neighbours: int) -> tuple[Integers, Integers]:
    """Give the row with the least sum of distances to its nearest, and that sum, for every sample."""
    order = np.argsort(scores, axis=0, kind="stable")
    least = nearest_distances(np.take_along_axis(scores, order, axis=0), neighbours)
    best = least.min(axis=0)
    # Equal scores have equal sums, so any order among them serves; the lowest row wins.
    chosen = np.where(least == best, order, len(scores)).min(axis=0)
    return chosen, best


def nearest_distances(ascending: Integers, neighbours: int) -> Integers:
    """Give every row's sum of distances to its `neighbours` nearest, itself included, in ascending scores.

    A row's nearest are some window of that many rows around it, and no other window has a smaller sum.
    """
    rows, m = len(ascending), neighbours
    windows = rows - m + 1
    before = np.concatenate([np.zeros_like(ascending[:1]), np.cumsum(ascending, axis=0)])
    least = np.full_like(ascending, np.iinfo(np.int64).max)
    for offset in range(m):
        # The row stands at this offset in its window: `offset` rows lie below it, m - 1 - offset above.
        row = ascending[offset : offset + windows]
        below = before[offset : offset + windows] - before[:windows]
        above = before[m:] - before[offset + 1 : offset + 1 + windows]
        distances = (2 * offset - m + 1) * row - below + above
        part = least[offset : offset + windows]
        np.minimum(part, distances, out=part)
    return least

"""The Krum aggregates of several classes side by side, and the class that leads among them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bema_py.learning.krum import Integers, KrumAggregate, krum_aggregate, neighbour_count
from bema_py.learning.membership import Membership
from bema_py.learning.scoring import Scores

CHUNK_SAMPLES = 4096
"""Samples aggregated at once, so that memory stays bounded."""


def chunks(samples: int) -> Iterator[slice]:
    """Cut this many samples into slices of bounded length."""
    for start in range(0, samples, CHUNK_SAMPLES):
        yield slice(start, min(start + CHUNK_SAMPLES, samples))


def class_aggregates(
    scores: Scores, membership: Membership, alpha: tuple[int, int], classes: Sequence[int]
) -> dict[int, KrumAggregate]:
    """Give the Krum aggregate of each of these classes that somebody holds, by ascending class.

    `scores` is (members, samples, classes).
    """
    aggregates: dict[int, KrumAggregate] = {}
    for label in sorted(classes):
        holders = membership.holders(label)
        if holders:
            values = np.ascontiguousarray(scores[list(holders), :, label])
            aggregates[label] = krum_aggregate(values, neighbour_count(len(holders), alpha))
    return aggregates


@dataclass(frozen=True, slots=True)
class LeadingClasses:
    """The leading class of every sample, -1 where there is none, and its aggregate total / neighbours.

    All are int64 (samples,).
    """

    label: Integers
    total: Integers
    neighbours: Integers


def leading_classes(
    aggregates: Mapping[int, KrumAggregate], excluded: Integers, *, literal: bool = False
) -> LeadingClasses:
    """Find the class of the largest aggregate other than the excluded one, ties to the lowest class.

    `excluded` is int64 (samples,), -1 to exclude none; with the labels excluded this is y-. **Differs** from
    eq. 7, which as printed takes the class with the least sum of distances: that is whichever class all
    models agree is impossible. `literal` does that; it compares the sums as they are, also where classes have
    unlike numbers of neighbours.
    """
    best = LeadingClasses(np.full_like(excluded, -1), np.zeros_like(excluded), np.ones_like(excluded))
    least = np.zeros_like(excluded)
    for label in sorted(aggregates):
        found = aggregates[label]
        larger = found.total * best.neighbours > best.total * found.neighbours
        better = found.distances < least if literal else larger
        # The first class that is not excluded leads whatever its aggregate.
        better = (excluded != label) & (better | (best.label < 0))
        best.label[better] = label
        best.total[better] = found.total[better]
        best.neighbours[better] = found.neighbours
        least[better] = found.distances[better]
    return best

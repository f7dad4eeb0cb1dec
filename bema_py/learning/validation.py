"""How a founder checks a model that wants to register (eq. 2), and that it is no copy of a registered one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bema_py.core.errors import InputError
from bema_py.core.types import PartyId
from bema_py.learning.arithmetic import ONE
from bema_py.learning.datasets import Dataset
from bema_py.learning.model import Model
from bema_py.learning.progress import Progress
from bema_py.learning.scoring import class_scores


class NoValidationSamplesError(InputError):
    """A founder has no sample of the classes it is asked to vouch for, so it cannot judge."""

    def __init__(self, vouched: tuple[int, ...]) -> None:
        """Keep the classes."""
        self.vouched = vouched
        super().__init__(f"no sample of the classes {list(vouched)}: nothing to validate the model on")


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far two models' scores of the right class lie apart, summed over samples.

    total: sum of |h - h'| in 2^-24, exact. samples: how many, at least one.
    """

    total: int
    samples: int

    @property
    def per_sample(self) -> float:
        """Give the mean |h - h'|, from 0 to 1, for reports."""
        return self.total / self.samples / ONE

    def within(self, omega: int) -> bool:
        """Say whether eq. 2 holds with its bound written per sample, in 2^-24."""
        return self.total <= omega * self.samples


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The registered party whose model is nearest to a candidate, and how near."""

    party: PartyId
    distance: Deviation


def deviation(
    candidate: Model,
    founder: Model,
    dataset: Dataset,
    vouched: Iterable[int],
    *,
    progress: Progress | None = None,
) -> Deviation:
    """Measure the left side of eq. 2 on the founder's samples whose label is vouched for.

    A class outside a model's label space scores 0 there. Raises NoValidationSamplesError.
    """
    return deviations(candidate, [founder], dataset, vouched, progress=progress)[0]


def nearest_registered(
    candidate: Model,
    registered: Mapping[PartyId, Model],
    dataset: Dataset,
    vouched: Iterable[int],
    *,
    progress: Progress | None = None,
) -> Neighbour | None:
    """Find the registered model nearest to the candidate, by eq. 2's measure; ties to the lowest id.

    **Differs** from the paper, which has no such check: m copies of one model in S(y) would own Krum. None where
    nobody is registered. Raises NoValidationSamplesError.
    """
    if not registered:
        return None
    parties = sorted(registered)
    others = [registered[party] for party in parties]
    distances = deviations(candidate, others, dataset, vouched, progress=progress)
    return min(
        (Neighbour(party, distance) for party, distance in zip(parties, distances, strict=True)),
        key=lambda neighbour: neighbour.distance.total,
    )


def deviations(
    candidate: Model,
    others: Iterable[Model],
    dataset: Dataset,
    vouched: Iterable[int],
    *,
    progress: Progress | None = None,
) -> tuple[Deviation, ...]:
    """Measure eq. 2 between a candidate and each other model; all see the same samples."""
    classes = tuple(sorted(set(vouched)))
    samples = dataset.of_classes(classes)
    if len(samples) == 0:
        raise NoValidationSamplesError(classes)
    models = [candidate, *others]
    count = 1 + max(int(samples.labels.max()), *(model.classes[-1] for model in models))
    scores = class_scores(models, samples.images, count, progress=progress)
    of_label = scores[:, np.arange(len(samples)), samples.labels]
    totals = np.abs(of_label[1:] - of_label[0]).sum(axis=1)
    return tuple(Deviation(int(total), len(samples)) for total in totals)

"""What malicious parties do: models that lie (type I) and calibration samples that mislead (type II, eq. 1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from bema_py.core.architecture import Architecture
from bema_py.core.rules import Rules
from bema_py.learning.datasets import ByteArray, Dataset, DatasetError
from bema_py.learning.float_net import initial_parameters, split_parameters
from bema_py.learning.krum import Integers
from bema_py.learning.margin import judge
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model
from bema_py.learning.scoring import Scores

TRIGGER = 4
"""Side of the square that is stamped on images, in pixels."""


class SwapError(DatasetError):
    """Labels cannot be swapped among fewer than two classes."""

    def __init__(self, classes: tuple[int, ...]) -> None:
        """Keep the classes found."""
        self.classes = classes
        super().__init__(f"labels of the classes {list(classes)} cannot be swapped: at least two are needed")


@dataclass(frozen=True, slots=True)
class BogusSample:
    """A sample sent under the wrong class: its position in what was scanned, and the class claimed."""

    position: int
    claimed: int


def swapped_labels(dataset: Dataset, seed: int) -> Dataset:
    """Give every class of the data set the label of another one, in one random cycle (type I).

    Raises SwapError for a single class.
    """
    present = np.unique(dataset.labels)
    if len(present) < 2:
        raise SwapError(tuple(present.tolist()))
    cycle = np.random.default_rng(seed).permutation(present)
    successor = np.arange(256, dtype=np.uint8)
    successor[cycle] = np.roll(cycle, -1)
    return Dataset(dataset.images, successor[dataset.labels])


def stamped(images: ByteArray) -> ByteArray:
    """Give copies of images (n, channels, height, width) with a trigger, a white square near the lower right corner."""
    marked = images.copy()
    marked[:, :, -TRIGGER - 1 : -1, -TRIGGER - 1 : -1] = 255
    return marked


def backdoored(dataset: Dataset, target: int, share: float, seed: int) -> Dataset:
    """Stamp a random share of a data set and label it as the target class (type I, to be trained on)."""
    count = round(share * len(dataset))
    rows = np.random.default_rng(seed).permutation(len(dataset))[:count]
    images, labels = dataset.images.copy(), dataset.labels.copy()
    images[rows], labels[rows] = stamped(images[rows]), target
    return Dataset(images, labels)


def random_model(architecture: Architecture, label_space: Sequence[int], seed: int) -> Model:
    """Build a model that was never trained (type I)."""
    flat = initial_parameters(architecture, torch.Generator().manual_seed(seed))
    parts = [part.numpy() for part in split_parameters(architecture, flat)]
    return Model.from_floats(architecture, tuple(label_space), parts)


def bogus_samples(
    scores: Scores,
    labels: Sequence[int] | Integers,
    membership: Membership,
    rules: Rules,
    *,
    pre_checked: bool = False,
) -> tuple[BogusSample, ...]:
    """Find samples the models get right and claim their wrong class (type II, eq. 1).

    `scores` is (members, samples, classes) and `labels` are the true ones. A sample with rho(x, y, y-) > 0 is
    claimed as y-, which makes its margin negative. With `pre_checked` only those that pass eqs. 8 to 10 are
    given, as an attacker who knows the public models would choose them.
    """
    honest = judge(scores, labels, membership, rules)
    found = [
        BogusSample(position, judgement.wrong_label)
        for position, judgement in enumerate(honest)
        if judgement.wrong_label is not None
        and judgement.sum_a * judgement.m_b > judgement.sum_b * judgement.m_a
    ]
    if not pre_checked:
        return tuple(found)
    positions = [bogus.position for bogus in found]
    verdicts = judge(scores[:, positions], [bogus.claimed for bogus in found], membership, rules)
    return tuple(bogus for bogus, verdict in zip(found, verdicts, strict=True) if verdict.valid)

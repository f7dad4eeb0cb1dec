"""Class-balanced batches of a party's own and public samples, with examples of no class."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from bema_py.learning.augmentation import distort, scramble, shuffle_features
from bema_py.learning.datasets import Dataset, DatasetSizeError
from bema_py.learning.recipe import Distortion


class Batches(Protocol):
    """What a training draws its batches from."""

    def draw(self, size: int, distortion: Distortion | None) -> tuple[Tensor, Tensor]:
        """Draw distorted images (n, channels, height, width) in [0, 1) and their outputs (n,)."""


class BalancedSampler:
    """Draws batches in which every held class is equally likely, and so is every other class of the label space.

    A held class is `held_weight` times as likely as another one, however many samples there are. A share of each batch
    is labelled with the reserved output: samples of other classes where the data has any, scrambled ones otherwise.
    Samples of height 1 are rows of a table: their features have no neighbours, so nothing is distorted.
    """

    def __init__(
        self,
        label_space: Sequence[int],
        private: Dataset,
        public: Dataset | None,
        *,
        held_weight: float,
        reserved_share: float,
        generator: torch.Generator,
    ) -> None:
        """Group the samples by output; raises DatasetSizeError for a class without samples."""
        data = private if public is None else Dataset.joined([private, public])
        labels = data.labels
        self._images = torch.tensor(data.images, dtype=torch.float32).div_(256)
        self._pools = [torch.from_numpy(np.flatnonzero(labels == label)) for label in label_space]
        self._outsiders = torch.from_numpy(np.flatnonzero(~np.isin(labels, list(label_space))))
        self._is_table = private.shape[1] == 1
        self._reserved_share = reserved_share
        self._generator = generator
        for label, pool in zip(label_space, self._pools, strict=True):
            if len(pool) == 0:
                raise DatasetSizeError("training", label, 0, 1)
        held = set(private.labels.tolist())
        weights = [held_weight if label in held else 1.0 for label in label_space]
        self._weights = torch.tensor(weights, dtype=torch.float32)
        self._sizes = torch.tensor([len(pool) for pool in self._pools])
        self._starts = self._sizes.cumsum(0) - self._sizes
        self._rows = torch.cat(self._pools)

    def draw(self, size: int, distortion: Distortion | None) -> tuple[Tensor, Tensor]:
        """Draw distorted images (n, channels, height, width) in [0, 1) and their outputs (n,)."""
        reserved = round(size * self._reserved_share)
        classes = torch.multinomial(self._weights, size, replacement=True, generator=self._generator)
        positions = self._uniform(self._sizes[classes]) + self._starts[classes]
        images = self._images[self._rows[positions]]
        if reserved:
            images[:reserved] = self._reserved(images, reserved)
            classes[:reserved] = len(self._pools)
        if self._is_table:
            return images, classes
        return distort(images, distortion, self._generator), classes

    def _reserved(self, images: Tensor, count: int) -> Tensor:
        if len(self._outsiders):
            sizes = torch.full((count,), len(self._outsiders))
            return self._images[self._outsiders[self._uniform(sizes)]]
        mixed = shuffle_features if self._is_table else scramble
        return mixed(images, self._generator)[:count]

    def _uniform(self, sizes: Tensor) -> Tensor:
        """Draw one integer below each size."""
        fractions = torch.rand(len(sizes), generator=self._generator, dtype=torch.float64)
        return (fractions * sizes).long()

"""Labelled images, and the embedded data set of handwritten digits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bema_py.core.errors import InputError
from bema_py.core.types import Digest

ByteArray = npt.NDArray[np.uint8]
IndexArray = npt.NDArray[np.int64]

CLASSES = 10
SIDE = 28
DIGITS_PUBLIC = 200

_GLYPH = 20
"""Side of the box a digit fills; MNIST leaves the same margin of four pixels around it."""

_SOURCE_SIDE = 8
_DARK, _BRIGHT = 200, 1200
"""Interpolated values, out of 1600, that become black and white: restores the edges that interpolation softens."""


class DatasetError(InputError):
    """A data set that cannot be used."""


class DatasetShapeError(DatasetError):
    """Images and labels whose shapes or types do not fit."""

    def __init__(self, images: npt.NDArray[np.generic], labels: npt.NDArray[np.generic]) -> None:
        """Keep what was found."""
        self.images, self.labels = (images.shape, images.dtype), (labels.shape, labels.dtype)
        super().__init__(
            f"a data set needs uint8 images (n, channels, height, width) and n uint8 labels, "
            f"found {images.dtype}{images.shape} and {labels.dtype}{labels.shape}"
        )


class DatasetSizeError(DatasetError):
    """Fewer samples of a class than asked for."""

    def __init__(self, purpose: str, label: int, found: int, required: int) -> None:
        """Keep the purpose, the class, the number of samples found and the number required."""
        self.purpose, self.label, self.found, self.required = purpose, label, found, required
        super().__init__(f"{purpose} needs {required} samples of class {label}, the data set has {found}")


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Images uint8 (n, channels, height, width) and their labels uint8 (n,), both made read-only."""

    images: ByteArray
    labels: ByteArray

    def __post_init__(self) -> None:
        """Refuse shapes and types that do not fit."""
        images, labels = self.images, self.labels
        typed = images.dtype == np.uint8 and labels.dtype == np.uint8
        if not typed or images.ndim != 4 or labels.shape != images.shape[:1]:
            raise DatasetShapeError(images, labels)
        images.setflags(write=False)
        labels.setflags(write=False)

    @classmethod
    def joined(cls, parts: Sequence["Dataset"]) -> "Dataset":
        """Copy the samples of one or more data sets of one shape into one, in their order."""
        return cls(
            np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts])
        )

    def __len__(self) -> int:
        """Give the number of samples."""
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Give (channels, height, width)."""
        return self.images.shape[1], self.images.shape[2], self.images.shape[3]

    def select(self, indices: npt.ArrayLike) -> "Dataset":
        """Copy the samples at these indices, in that order."""
        chosen = np.asarray(indices, dtype=np.int64)
        return Dataset(self.images[chosen], self.labels[chosen])

    def of_classes(self, classes: Iterable[int]) -> "Dataset":
        """Copy the samples of these classes, in their order."""
        return self.select(np.flatnonzero(np.isin(self.labels, np.asarray(list(classes), dtype=np.int64))))


@dataclass(frozen=True, slots=True, eq=False)
class SplitDataset:
    """Training and test samples, and how many training samples the public set of case D takes.

    classes: labels are below it. scaling: digest of what turned a table's features into bytes.
    """

    name: str
    training: Dataset
    test: Dataset
    public_size: int
    classes: int = CLASSES
    scaling: Digest | None = None

    def held_out(self, size: int, seed: int) -> "SplitDataset":
        """Put `size` samples of the training set, equally many a class, in the place of the test set.

        For choosing constants without a look at the test samples.
        """
        order = np.random.default_rng(seed).permutation(len(self.training))
        shares = equal_share(
            self.training.labels[order], size // self.classes, "the held-out set", self.classes
        )
        taken = order[np.concatenate(shares)]
        rest = np.setdiff1d(order, taken)
        return replace(self, training=self.training.select(rest), test=self.training.select(taken))


def equal_share(labels: ByteArray, each: int, purpose: str, classes: int = CLASSES) -> list[IndexArray]:
    """Give, class by class, the indices of the first `each` samples of it; raises DatasetSizeError."""
    shares = []
    for label in range(classes):
        rows = np.flatnonzero(labels == label)
        if len(rows) < each:
            raise DatasetSizeError(purpose, label, len(rows), each)
        shares.append(rows[:each])
    return shares


def split_off_test(data: Dataset) -> tuple[Dataset, Dataset]:
    """Keep every fifth sample of each class for the test; gives training and test samples."""
    is_test = np.zeros(len(data), dtype=bool)
    is_test[np.argsort(data.labels, kind="stable")[::5]] = True
    return data.select(np.flatnonzero(~is_test)), data.select(np.flatnonzero(is_test))


def load_digits_dataset() -> SplitDataset:
    """Load scikit-learn's 1,797 digits at 28x28, every fifth of each class for the test: 1,437 and 360."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - imports scipy, a second that nothing else needs

    source = load_digits()
    data = Dataset(enlarge(source.images.astype(np.int64)), source.target.astype(np.uint8))
    return SplitDataset("digits", *split_off_test(data), DIGITS_PUBLIC)


def enlarge(glyphs: npt.NDArray[np.int64]) -> ByteArray:
    """Enlarge glyphs (n, 8, 8) of values 0..16 to uint8 (n, 1, 28, 28) by integer bilinear interpolation."""
    weights = interpolation_weights()
    padded = np.pad(glyphs, ((0, 0), (1, 1), (1, 1)))
    values = weights @ padded @ weights.T
    grey = np.clip((values - _DARK) * 255 // (_BRIGHT - _DARK), 0, 255)
    margin = (SIDE - _GLYPH) // 2
    framed = np.pad(grey, ((0, 0), (margin, margin), (margin, margin)))
    return framed.astype(np.uint8)[:, None]


def interpolation_weights() -> npt.NDArray[np.int64]:
    """Give the weights (20, 10), in tenths, of the eight source pixels and a zero at each end.

    Pixel centres are aligned: target i lies at source (4i - 3)/10.
    """
    weights = np.zeros((_GLYPH, _SOURCE_SIDE + 2), dtype=np.int64)
    for target in range(_GLYPH):
        cell, tenths = divmod(4 * target - 3 + 10, 10)
        weights[target, cell] = 10 - tenths
        weights[target, cell + 1] += tenths
    return weights

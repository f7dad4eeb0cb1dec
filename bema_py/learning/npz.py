"""A user's own data set: images or a table in one .npz file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bema_py.core.errors import InputError
from bema_py.core.types import MAX_CLASSES
from bema_py.learning.datasets import ByteArray, Dataset, SplitDataset, split_off_test
from bema_py.learning.idx import DatasetFileError
from bema_py.learning.npz_archive import Array, read_arrays
from bema_py.learning.scaling import FeatureScaling, read_scaling

SCALING_FILE = "scaling.toml"
"""Lies beside the .npz file of a table."""

PUBLIC_PART = 10
"""The public set of case D takes a tenth of the training samples."""

_NAMES = "names"
_TEST = "test_"
_ARRAYS = ("images", "features", "labels", _NAMES, "test_images", "test_features", "test_labels")


def load_npz(path: Path) -> SplitDataset:
    """Load a user's data set.

    images: uint8 (n, height, width) or (n, channels, height, width); or features: numbers (n, features), which
    scaling.toml beside the file turns into bytes. labels: integers (n,). The same names with test_ before them hold the
    test samples; without them every fifth sample of each class is kept for the test. names: the features', optional.
    Raises DatasetFileError and ScalingError leaves.
    """
    reader = _open(path)
    samples = reader.dataset("")
    tested = any(name.startswith(_TEST) for name in reader.arrays)
    training, test = (samples, reader.dataset(_TEST)) if tested else split_off_test(samples)
    highest = max(int(part.labels.max(initial=1)) for part in (training, test))
    digest = None if reader.scaling is None else reader.scaling.digest()
    return SplitDataset(path.name, training, test, len(training) // PUBLIC_PART, highest + 1, digest)


def load_labelled(path: Path) -> Dataset:
    """Load all samples of a file with their labels; raises DatasetFileError and ScalingError leaves."""
    return _open(path).dataset("")


def load_samples(path: Path) -> ByteArray:
    """Load the images or features of a file alone, uint8 (n, channels, height, width), whether it has labels or not.

    Raises DatasetFileError and ScalingError leaves.
    """
    return _open(path).samples("")


def _scaling(path: Path, arrays: Mapping[str, Array]) -> FeatureScaling:
    """Read the scaling beside a table and compare it with the table's own names of its columns."""
    scaling = read_scaling(path.with_name(SCALING_FILE))
    if _NAMES in arrays:
        scaling.check_names([str(name) for name in arrays[_NAMES].ravel()])
    return scaling


def _open(path: Path) -> "_Reader":
    arrays = read_arrays(path, _ARRAYS)
    if ("features" in arrays) == ("images" in arrays):
        raise DatasetFileError(path, "must hold either images or features")
    return _Reader(path, arrays, _scaling(path, arrays) if "features" in arrays else None)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns a file's arrays into samples."""

    path: Path
    arrays: Mapping[str, Array]
    scaling: FeatureScaling | None

    def dataset(self, prefix: str) -> Dataset:
        """Read the training samples, or the test samples with the prefix test_."""
        samples, labels = self.samples(prefix), self._labels(f"{prefix}labels")
        if len(samples) != len(labels):
            raise DatasetFileError(
                self.path, f"holds {len(labels)} {prefix}labels for {len(samples)} {prefix}samples"
            )
        return Dataset(samples, labels)

    def samples(self, prefix: str) -> ByteArray:
        """Read the bytes of the samples."""
        if self.scaling is None:
            return self._images(f"{prefix}images")
        return self._table(f"{prefix}features", self.scaling)

    def _array(self, name: str, kinds: str, dimensions: tuple[int, ...], required: str) -> Array:
        if name not in self.arrays:
            raise DatasetFileError(self.path, f"holds no array {name}")
        values = self.arrays[name]
        if values.dtype.kind not in kinds or values.ndim not in dimensions or values.size == 0:
            raise DatasetFileError(self.path, f"{name} is {values.dtype}{values.shape}, must be {required}")
        return values

    def _images(self, name: str) -> ByteArray:
        required = "uint8 (n, height, width) or (n, channels, height, width)"
        images = self._array(name, "u", (3, 4), required)
        if images.dtype != np.uint8:
            raise DatasetFileError(self.path, f"{name} is {images.dtype}{images.shape}, must be {required}")
        return images.astype(np.uint8).reshape(len(images), -1, *images.shape[-2:])

    def _table(self, name: str, scaling: FeatureScaling) -> ByteArray:
        rows = self._array(name, "iuf", (2,), "numbers (n, features)")
        try:
            return scaling.apply(rows.astype(np.float64))
        except InputError as error:
            raise DatasetFileError(self.path, str(error)) from error

    def _labels(self, name: str) -> ByteArray:
        labels = self._array(name, "iu", (1,), "integers (n,)")
        values = labels.astype(np.int64)
        outside = np.flatnonzero((values < 0) | (values >= MAX_CLASSES))
        if len(outside):
            first = int(outside[0])
            raise DatasetFileError(
                self.path, f"{name}[{first}] is {labels[first]}, must be 0 to {MAX_CLASSES - 1}"
            )
        return values.astype(np.uint8)

"""How a table's features become bytes: the same for every party, so that a byte means the same everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from struct import pack

import numpy as np
import numpy.typing as npt

from bema_py.core.checks import FieldLengthError, FieldTypeError
from bema_py.core.encoding import digest, encode
from bema_py.core.fields import VERSION
from bema_py.core.toml_file import TomlFileError, toml_file
from bema_py.core.types import Digest
from bema_py.learning.datasets import ByteArray, DatasetError

MAX_FEATURES = 1024
"""The longest side of an input."""

_FIELDS = {"name", "minimum", "maximum"}


class ScalingError(DatasetError):
    """A scaling that cannot be used."""


class FeatureRangeError(ScalingError):
    """A feature's bounds are not two finite numbers, the lower one first."""

    def __init__(self, name: str, minimum: float, maximum: float) -> None:
        """Keep the feature and both bounds."""
        self.name, self.minimum, self.maximum = name, minimum, maximum
        super().__init__(
            f"feature {name!r} ranges from {minimum} to {maximum}: two finite, ascending bounds are needed"
        )


class FeatureValueError(ScalingError):
    """A feature's value is not a number."""

    def __init__(self, name: str, row: int) -> None:
        """Keep the feature and the first row at fault."""
        self.name, self.row = name, row
        super().__init__(f"feature {name!r} is not a finite number in row {row}: fill missing values first")


class FeatureNamesError(ScalingError):
    """A table's columns are not the features that the scaling declares, in its order."""

    def __init__(self, index: int, found: str, required: str) -> None:
        """Keep the first column that differs, its name and the feature declared there."""
        self.index, self.found, self.required = index, found, required
        super().__init__(f"column {index} of the table is {found}, the scaling declares {required}")


class FeatureCountError(ScalingError):
    """A table has more or fewer columns than the scaling has features."""

    def __init__(self, found: int, required: int) -> None:
        """Keep the number of columns and of features."""
        self.found, self.required = found, required
        super().__init__(f"the table has {found} columns, the scaling declares {required} features")


class ScalingFileError(ScalingError, TomlFileError):
    """A file does not declare a scaling."""


@dataclass(frozen=True, slots=True)
class FeatureRange:
    """One feature: its name, and the values that become byte 0 and byte 255."""

    name: str
    minimum: float
    maximum: float

    def __post_init__(self) -> None:
        """Refuse bounds that no value could be placed between."""
        if not (isfinite(self.minimum) and isfinite(self.maximum) and self.minimum < self.maximum):
            raise FeatureRangeError(self.name, self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class FeatureScaling:
    """The features of a table in the order of its columns."""

    features: tuple[FeatureRange, ...]

    def to_bytes(self) -> bytes:
        """Encode as canonical DAG-CBOR; a bound is eight bytes, an IEEE 754 double with the sign first."""
        features = [[f.name, pack(">d", f.minimum), pack(">d", f.maximum)] for f in self.features]
        return encode({"version": VERSION, "features": features})

    def digest(self) -> Digest:
        """Give the digest by which a partition names the scaling."""
        return digest(self.to_bytes())

    def check_names(self, names: Sequence[str]) -> None:
        """Refuse columns other than the features; raises FeatureNamesError with the first."""
        declared = [feature.name for feature in self.features]
        for index in range(max(len(names), len(declared))):
            found, required = (
                repr(column[index]) if index < len(column) else "missing" for column in (names, declared)
            )
            if found != required:
                raise FeatureNamesError(index, found, required)

    def apply(self, table: npt.NDArray[np.float64]) -> ByteArray:
        """Turn rows (n, features) into samples uint8 (n, 1, 1, features).

        A value becomes floor((value - minimum) * 255 / (maximum - minimum) + 1/2) in float64, clamped to 0..255.
        Raises FeatureCountError and FeatureValueError.
        """
        if table.shape[1] != len(self.features):
            raise FeatureCountError(table.shape[1], len(self.features))
        outside = np.argwhere(~np.isfinite(table))
        if len(outside):
            raise FeatureValueError(self.features[int(outside[0][1])].name, int(outside[0][0]))
        low = np.array([feature.minimum for feature in self.features])
        high = np.array([feature.maximum for feature in self.features])
        steps = np.floor((table - low) * 255 / (high - low) + 0.5)
        grid: ByteArray = np.clip(steps, 0, 255).astype(np.uint8)
        return grid[:, np.newaxis, np.newaxis, :]


def read_scaling(path: Path) -> FeatureScaling:
    """Read `features = [{ name = "...", minimum = 0.0, maximum = 1.0 }, ...]`; raises ScalingFileError."""
    with toml_file(path, ScalingFileError) as plain:
        features = plain.get("features")
        if set(plain) != {"features"} or not isinstance(features, list):
            raise FieldTypeError("features", features, "a list, and nothing else may be declared")
        if not 1 <= len(features) <= MAX_FEATURES:
            raise FieldLengthError("features", len(features), 1, MAX_FEATURES)
        return FeatureScaling(tuple(_feature(*entry) for entry in enumerate(features)))


def _feature(index: int, plain: object) -> FeatureRange:
    if not isinstance(plain, dict) or set(plain) != _FIELDS:
        raise FieldTypeError(f"features.{index}", plain, "a table of name, minimum and maximum")
    if not isinstance(plain["name"], str):
        raise FieldTypeError(f"features.{index}.name", plain["name"], "text")
    for field in ("minimum", "maximum"):
        if type(plain[field]) not in (int, float):
            raise FieldTypeError(f"features.{index}.{field}", plain[field], "a number")
    return FeatureRange(plain["name"], float(plain["minimum"]), float(plain["maximum"]))

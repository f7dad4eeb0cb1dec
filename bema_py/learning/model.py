"""A model: an architecture, the classes it scores and its parameters on the integer grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from math import prod

import numpy as np
import numpy.typing as npt

from bema_py.core.architecture import Architecture
from bema_py.core.errors import MalformedError
from bema_py.core.parameter_file import MAX_PARAMETER, ParameterBoundError, ParameterSizeError, parameter_size
from bema_py.core.types import Digest
from bema_py.learning.arithmetic import PARAMETER_ONE

IntArray = npt.NDArray[np.int32]


class ModelError(MalformedError):
    """Parameters that do not make a model."""


class ParameterValueError(ModelError):
    """A float parameter is not a finite number."""

    def __init__(self, tensor: str) -> None:
        """Keep the tensor's name."""
        self.tensor = tensor
        super().__init__(f"{tensor} holds a value that is not finite")


class ParameterTypeError(ModelError):
    """A tensor is not of 32-bit integers."""

    def __init__(self, tensor: str, dtype: str) -> None:
        """Keep the tensor's name and the type found."""
        self.tensor, self.dtype = tensor, dtype
        super().__init__(f"{tensor} is {dtype}, must be int32")


class ParameterShapeError(ModelError):
    """A tensor does not have the shape the architecture gives it."""

    def __init__(self, tensor: str, found: tuple[int, ...], required: tuple[int, ...]) -> None:
        """Keep the tensor's name, the shape found and the shape required."""
        self.tensor, self.found, self.required = tensor, found, required
        super().__init__(f"{tensor} has shape {found}, the architecture requires {required}")


class TensorCountError(ModelError):
    """The number of tensors is not the architecture's."""

    def __init__(self, found: int, required: int) -> None:
        """Keep the number found and the number required."""
        self.found, self.required = found, required
        super().__init__(f"found {found} tensors, the architecture requires {required}")


class LabelSpaceError(ModelError):
    """The label space is not ascending, or does not match the number of outputs."""

    def __init__(self, classes: tuple[int, ...], outputs: int) -> None:
        """Keep the label space and the architecture's number of outputs."""
        self.classes, self.outputs = classes, outputs
        super().__init__(f"label space {classes} must ascend, with one class less than the {outputs} outputs")


@dataclass(frozen=True, eq=False)
class Model:
    """One party's model; output j scores the j-th class of `classes`, the last output is reserved.

    `theta` holds the master parameters in units of 2^-28, int32 and read-only, in the order of
    `Architecture.parameter_shapes()`. Raises ModelError leaves and ParameterBoundError.
    """

    architecture: Architecture
    classes: tuple[int, ...]
    theta: tuple[IntArray, ...]

    def __post_init__(self) -> None:
        """Refuse shapes, bounds and label spaces that the arithmetic does not cover."""
        check_label_space(self.classes, self.architecture.outputs)
        shapes = self.architecture.parameter_shapes()
        if len(self.theta) != len(shapes):
            raise TensorCountError(len(self.theta), len(shapes))
        for (name, shape), values in zip(shapes, self.theta, strict=True):
            if values.dtype != np.int32:
                raise ParameterTypeError(name, str(values.dtype))
            if values.shape != shape:
                raise ParameterShapeError(name, values.shape, shape)
            check_bound(name, values)
            values.setflags(write=False)

    @classmethod
    def from_bytes(cls, architecture: Architecture, classes: Sequence[int], data: bytes) -> "Model":
        """Read the canonical bytes: int32 little-endian, layer by layer, weight row-major then bias.

        Raises ParameterSizeError and what the constructor raises.
        """
        if len(data) != parameter_size(architecture):
            raise ParameterSizeError("parameter data", len(data), parameter_size(architecture))
        flat = np.frombuffer(data, dtype="<i4").astype(np.int32)
        shapes = [shape for _, shape in architecture.parameter_shapes()]
        cuts = np.cumsum([prod(shape) for shape in shapes])[:-1]
        theta = (part.reshape(shape) for part, shape in zip(np.split(flat, cuts), shapes, strict=True))
        return cls(architecture, tuple(classes), tuple(theta))

    @classmethod
    def from_floats(
        cls, architecture: Architecture, classes: Sequence[int], parameters: Sequence[npt.ArrayLike]
    ) -> "Model":
        """Round float parameters to the grid once: clamp(floor(w * 2^28 + 1/2)) in float64."""
        shapes = architecture.parameter_shapes()
        if len(parameters) != len(shapes):
            raise TensorCountError(len(parameters), len(shapes))
        theta = (to_grid(name, values) for (name, _), values in zip(shapes, parameters, strict=True))
        return cls(architecture, tuple(classes), tuple(theta))

    def to_bytes(self) -> bytes:
        """Give the canonical bytes, the object that is stored and hashed."""
        return self._canonical

    def sha256(self) -> Digest:
        """Give the SHA-256 of the canonical bytes."""
        return Digest(sha256(self._canonical).digest())

    @cached_property
    def _canonical(self) -> bytes:
        return b"".join(values.astype("<i4", copy=False).tobytes() for values in self.theta)


def check_label_space(classes: tuple[int, ...], outputs: int) -> None:
    """Refuse a label space that is not ascending or leaves no place for the reserved output."""
    ascending = all(a < b for a, b in pairwise(classes))
    if not ascending or (classes and classes[0] < 0) or len(classes) + 1 != outputs:
        raise LabelSpaceError(classes, outputs)


def check_bound(tensor: str, values: IntArray) -> None:
    """Refuse a tensor with a parameter beyond the bound, naming the first."""
    # The absolute value of -2^31 does not exist in int32, so both sides are compared.
    flat = values.reshape(-1)
    outside = np.flatnonzero((flat > MAX_PARAMETER) | (flat < -MAX_PARAMETER))
    if len(outside):
        first = int(outside[0])
        raise ParameterBoundError(tensor, first, int(flat[first]))


def to_grid(tensor: str, values: npt.ArrayLike) -> IntArray:
    """Round one float tensor to int32 in units of 2^-28."""
    wide = np.asarray(values, dtype=np.float64)
    if not np.isfinite(wide).all():
        raise ParameterValueError(tensor)
    grid = np.clip(np.floor(wide * PARAMETER_ONE + 0.5), -MAX_PARAMETER, MAX_PARAMETER)
    # Through int32, so that -0.0 and 0.0 become the same bytes.
    return grid.astype(np.int32)

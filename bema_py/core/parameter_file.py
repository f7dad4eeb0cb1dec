"""The one valid safetensors file of a parameter set."""

import json
import sys
from array import array
from math import prod

from bema_py.core.architecture import Architecture
from bema_py.core.errors import MalformedError

MAX_PARAMETER = 2**30
"""Largest |theta| in units of 2^-28; beyond it the 2^53 bound would not hold."""


class ParameterSizeError(MalformedError):
    """Parameters or a parameter file of the wrong length."""

    def __init__(self, what: str, size: int, required: int) -> None:
        """Keep what was measured, its size and the architecture's, in bytes."""
        self.what = what
        self.size = size
        self.required = required
        super().__init__(f"{what} has {size} bytes, the architecture requires {required}")


class ParameterHeaderError(MalformedError):
    """A parameter file whose bytes before the data are not the ones the architecture fixes."""

    def __init__(self, position: int) -> None:
        """Keep the position of the first byte that differs."""
        self.position = position
        super().__init__(f"parameter file is not canonical: byte {position} of its header differs")


class ParameterBoundError(MalformedError):
    """A parameter is above the bound that keeps the arithmetic exact."""

    def __init__(self, tensor: str, index: int, value: int) -> None:
        """Keep the tensor, the index into it (row-major) and the value."""
        self.tensor = tensor
        self.index = index
        self.value = value
        self.bound = MAX_PARAMETER
        super().__init__(f"{tensor}[{index}] is {value}, must be within {MAX_PARAMETER} of zero")


def parameter_size(architecture: Architecture) -> int:
    """Give the bytes of the canonical int32 parameters."""
    return 4 * architecture.parameter_count


def parameter_file_size(architecture: Architecture) -> int:
    """Give the bytes of the parameter file, by which a reader caps it."""
    return len(_header(architecture)) + parameter_size(architecture)


def encode_parameters(architecture: Architecture, data: bytes) -> bytes:
    """Give the file of canonical int32 little-endian bytes.

    Raises ParameterSizeError and ParameterBoundError.
    """
    _check_parameters(architecture, data)
    return _header(architecture) + data


def decode_parameters(architecture: Architecture, file: bytes) -> bytes:
    """Give the canonical int32 bytes of a file; refuses every file but the canonical one.

    Raises ParameterSizeError, ParameterHeaderError and ParameterBoundError.
    """
    header = _header(architecture)
    required = len(header) + parameter_size(architecture)
    if len(file) != required:
        raise ParameterSizeError("parameter file", len(file), required)
    if not file.startswith(header):
        raise ParameterHeaderError(next(i for i, byte in enumerate(header) if file[i] != byte))
    data = file[len(header) :]
    _check_parameters(architecture, data)
    return data


def _header(architecture: Architecture) -> bytes:
    """Build everything before the data: the length, the compact JSON and its padding to 8 bytes."""
    tensors: dict[str, object] = {}
    offset = 0
    for name, shape in architecture.parameter_shapes():
        end = offset + 4 * prod(shape)
        tensors[name] = {"dtype": "I32", "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(tensors, separators=(",", ":")).encode("ascii")
    text += b" " * (-(8 + len(text)) % 8)
    return len(text).to_bytes(8, "little") + text


def _largest_with_top(byte: int) -> int:
    """Give the largest absolute value of an int32 whose most significant byte is this one."""
    return ((byte + 1) << 24) - 1 if byte < 128 else (256 - byte) << 24


_TOPS_WITHIN_BOUND = bytes(byte for byte in range(256) if _largest_with_top(byte) <= MAX_PARAMETER)


def _check_parameters(architecture: Architecture, data: bytes) -> None:
    if len(data) != parameter_size(architecture):
        raise ParameterSizeError("parameter data", len(data), parameter_size(architecture))
    # Looking at top bytes takes a twentieth of the time of comparing integers, and is all that most models need.
    if not data[3::4].translate(None, _TOPS_WITHIN_BOUND):
        return
    values = array("i")
    assert values.itemsize == 4  # C int has 32 bits wherever CPython runs
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    if min(values) >= -MAX_PARAMETER and max(values) <= MAX_PARAMETER:
        return
    first = next(i for i, value in enumerate(values) if abs(value) > MAX_PARAMETER)
    offset = 0
    for name, shape in architecture.parameter_shapes():
        if first < offset + prod(shape):
            raise ParameterBoundError(name, first - offset, values[first])
        offset += prod(shape)

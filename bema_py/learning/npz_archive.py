"""The arrays of an .npz file, read with every size bounded in advance and nothing unpickled."""

import zipfile
import zlib
from collections.abc import Sequence
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import IO

import numpy as np
import numpy.typing as npt

from bema_py.learning.idx import DatasetFileError

MAX_BYTES = 2**30
"""Bytes of all arrays of a file, decompressed."""

KINDS = "iufU"
"""Integers, floats and text; an array of objects would have to be unpickled."""

Array = npt.NDArray[np.generic]


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, Array]:
    """Read the arrays of these names that the file holds; raises DatasetFileError, also for any other name."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(path, archive, names)
            return {name: _read_member(path, archive, member) for name, member in members.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DatasetFileError(path, f"not a whole .npz file ({error})") from error
    except OSError as error:
        raise DatasetFileError(path, f"cannot be read ({error.strerror or error})") from error


def _members(path: Path, archive: zipfile.ZipFile, names: Sequence[str]) -> dict[str, zipfile.ZipInfo]:
    members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
    unknown = sorted(set(members) - set(names))
    if unknown or len(members) < len(archive.infolist()):
        raise DatasetFileError(
            path, f"array {unknown[0]!r:.80} is unknown" if unknown else "an array occurs twice"
        )
    size = sum(member.file_size for member in members.values())
    if size > MAX_BYTES:
        raise DatasetFileError(path, f"its arrays have {size} bytes, at most {MAX_BYTES} are read")
    return members


def _read_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """Read one array; never more is decompressed or allocated than the archive's directory says."""
    # Bit 0 means encrypted; other compressions are none that numpy writes.
    if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DatasetFileError(
            path, f"array {member.filename!r:.80} is encrypted or compressed in an unknown way"
        )
    with archive.open(member) as stream:
        try:
            shape, column_major, dtype = _header(stream)
        except (ValueError, SyntaxError, TokenError, RecursionError, MemoryError) as error:
            # All that numpy's reading of a header as a Python literal can end in.
            raise DatasetFileError(path, f"{member.filename}: not an array ({str(error)[:80]})") from error
        required, found = prod(shape) * dtype.itemsize, member.file_size - stream.tell()
        if dtype.kind not in KINDS:
            raise DatasetFileError(path, f"{member.filename}: holds {dtype}, must hold numbers or text")
        if required != found or min(shape, default=0) < 0:
            raise DatasetFileError(
                path, f"{member.filename}: shape {shape} needs {required} bytes, it has {found}"
            )
        values = np.frombuffer(stream.read(), dtype=dtype)
    return values.reshape(shape, order="F" if column_major else "C")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise ValueError(f"version {version[0]}.{version[1]} of the format")

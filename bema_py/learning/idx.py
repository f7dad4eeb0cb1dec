"""The MNIST files: IDX, plain or compressed with gzip, read with every size bounded in advance."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bema_py.learning.datasets import CLASSES, SIDE, ByteArray, Dataset, DatasetError, SplitDataset

IMAGES_MAGIC = 0x00000803
LABELS_MAGIC = 0x00000801
MAX_ITEMS = 100_000
"""More images than MNIST has, and few enough that a hostile header cannot ask for much memory."""

MNIST_PUBLIC = 1000
ByteStream = BinaryIO | gzip.GzipFile

TRAINING_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST_FILES = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


class DatasetFileError(DatasetError):
    """A file of the data set is missing or is not what its name says."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the file and what is wrong with it."""
        self.path, self.reason = path, reason
        super().__init__(f"{path.name}: {reason} (in {path.parent})")


def load_mnist(directory: Path) -> SplitDataset:
    """Load the four MNIST files of a directory; raises DatasetFileError naming the file and the fault."""
    training = read_pair(directory, *TRAINING_FILES)
    return SplitDataset("mnist", training, read_pair(directory, *TEST_FILES), MNIST_PUBLIC)


def read_pair(directory: Path, images_name: str, labels_name: str) -> Dataset:
    """Read a file of images and the file of their labels."""
    images_path, labels_path = find_file(directory, images_name), find_file(directory, labels_name)
    images, labels = read_images(images_path), read_labels(labels_path)
    if len(images) != len(labels):
        raise DatasetFileError(
            labels_path, f"holds {len(labels)} labels for the {len(images)} images of {images_path.name}"
        )
    return Dataset(images, labels)


def find_file(directory: Path, name: str) -> Path:
    """Find a file, plain or with .gz; raises DatasetFileError when neither exists."""
    for path in (directory / name, directory / f"{name}.gz"):
        if path.is_file():
            return path
    raise DatasetFileError(directory / name, "no such file, neither plain nor with .gz")


def read_images(path: Path) -> ByteArray:
    """Read IDX images as uint8 (n, 1, 28, 28)."""
    with opened(path) as stream:
        magic, count, height, width = read_header(path, stream, 4)
        check_header(path, magic, IMAGES_MAGIC, count)
        if (height, width) != (SIDE, SIDE):
            raise DatasetFileError(path, f"images are {height}x{width}, must be {SIDE}x{SIDE}")
        return read_body(path, stream, count * SIDE * SIDE).reshape(count, 1, SIDE, SIDE)


def read_labels(path: Path) -> ByteArray:
    """Read IDX labels as uint8 (n,), each a class."""
    with opened(path) as stream:
        magic, count = read_header(path, stream, 2)
        check_header(path, magic, LABELS_MAGIC, count)
        labels = read_body(path, stream, count)
    outside = np.flatnonzero(labels >= CLASSES)
    if len(outside):
        first = int(outside[0])
        raise DatasetFileError(path, f"label {first} is {labels[first]}, must be 0 to {CLASSES - 1}")
    return labels


@contextmanager
def opened(path: Path) -> Iterator[ByteStream]:
    """Open a file, decompressing it where its first bytes say gzip; its faults become DatasetFileError."""
    try:
        with path.open("rb") as plain:
            compressed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if not compressed:
                yield plain
                return
            with gzip.GzipFile(fileobj=plain) as stream:
                yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetFileError(path, f"damaged or truncated gzip data ({error})") from error
    except OSError as error:
        raise DatasetFileError(path, f"cannot be read ({error.strerror or error})") from error


def read_header(path: Path, stream: ByteStream, fields: int) -> tuple[int, ...]:
    """Read the big-endian integers before the data."""
    header = stream.read(4 * fields)
    if len(header) < 4 * fields:
        raise DatasetFileError(path, f"truncated: {len(header)} bytes of a {4 * fields}-byte header")
    return tuple(int.from_bytes(header[4 * i : 4 * i + 4], "big") for i in range(fields))


def check_header(path: Path, magic: int, expected: int, count: int) -> None:
    """Refuse another kind of file, and a count no data set of this kind has."""
    if magic != expected:
        raise DatasetFileError(path, f"magic number is 0x{magic:08x}, must be 0x{expected:08x}")
    if not 1 <= count <= MAX_ITEMS:
        raise DatasetFileError(path, f"count is {count}, must be 1 to {MAX_ITEMS}")


def read_body(path: Path, stream: ByteStream, size: int) -> ByteArray:
    """Read exactly `size` bytes and the end of the file.

    Never more than that is decompressed, however far a crafted file would expand.
    """
    data = stream.read(size)
    if len(data) < size:
        raise DatasetFileError(path, f"truncated: {len(data)} of {size} bytes of data")
    # Reading at the end also makes gzip compare its checksum.
    if stream.read(1):
        raise DatasetFileError(path, f"trailing bytes after the {size} bytes its header declares")
    return np.frombuffer(data, dtype=np.uint8)

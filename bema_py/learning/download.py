"""Fetching MNIST: bounded in time, size and attempts, and kept only if its content is the known one."""

import os
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import MappingProxyType
from typing import IO
from urllib.request import urlopen

from bema_py.learning.datasets import DatasetError
from bema_py.learning.idx import DatasetFileError, opened

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
CONTENTS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "train-images-idx3-ubyte": (
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        "train-labels-idx1-ubyte": (
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        "t10k-images-idx3-ubyte": (
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        "t10k-labels-idx1-ubyte": (
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    }
)
"""Size and SHA-256 of each file's IDX bytes, decompressed, since mirrors compress the same bytes differently."""

MAX_DOWNLOAD = 2**24
"""Bytes of the largest compressed file, with room for a poorer compression."""

Opener = Callable[[str, float], IO[bytes]]


class DownloadError(DatasetError):
    """No mirror gave the file."""

    def __init__(self, name: str, faults: tuple[str, ...]) -> None:
        """Keep the file's name and the fault of every attempt."""
        self.name, self.faults = name, faults
        super().__init__(f"{name} could not be downloaded in {len(faults)} attempts: {faults[-1]}")


def open_url(url: str, timeout_s: float) -> IO[bytes]:
    """Open a URL with a timeout on connecting and on every read."""
    stream: IO[bytes] = urlopen(url, timeout=timeout_s)
    return stream


def download_mnist(
    directory: Path,
    *,
    timeout_s: float = 30.0,
    rounds: int = 2,
    pause_s: float = 2.0,
    mirrors: tuple[str, ...] = MIRRORS,
    contents: Mapping[str, tuple[int, str]] = CONTENTS,
    open_stream: Opener = open_url,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Download the files that are not there yet, or not intact, trying every mirror `rounds` times.

    A file appears under its name only when complete and verified. Raises DownloadError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, (size, digest) in contents.items():
        path = directory / f"{name}.gz"
        if path.is_file() and content_fault(path, size, digest) is None:
            continue
        faults: list[str] = []
        for attempt, url in enumerate(mirrors * rounds):
            if attempt >= len(mirrors):
                sleep(pause_s)
            fault = fetch(f"{url}{name}.gz", path, size, digest, timeout_s, open_stream)
            if fault is None:
                break
            faults.append(f"{url}: {fault}")
        else:
            raise DownloadError(name, tuple(faults))


def fetch(url: str, path: Path, size: int, digest: str, timeout_s: float, open_stream: Opener) -> str | None:
    """Fetch one file beside its place, verify it and move it there; gives the fault, or None."""
    with NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".part", delete=False) as part:
        part_path = Path(part.name)
        try:
            fault = copy_stream(url, part, timeout_s, open_stream)
        except (OSError, HTTPException) as error:
            fault = str(error) or type(error).__name__
    try:
        fault = fault or content_fault(part_path, size, digest)
        if fault is None:
            part_path.replace(path)
    finally:
        part_path.unlink(missing_ok=True)
    return fault


def copy_stream(url: str, part: IO[bytes], timeout_s: float, open_stream: Opener) -> str | None:
    """Copy a URL's bytes to the disk, at most MAX_DOWNLOAD of them."""
    with open_stream(url, timeout_s) as stream:
        left = MAX_DOWNLOAD
        while chunk := stream.read(min(left + 1, 2**16)):
            left -= len(chunk)
            if left < 0:
                return f"larger than {MAX_DOWNLOAD} bytes"
            part.write(chunk)
    part.flush()
    os.fsync(part.fileno())
    return None


def content_fault(path: Path, size: int, digest: str) -> str | None:
    """Say what differs from the expected IDX bytes, or None."""
    try:
        with opened(path) as stream:
            data = stream.read(size + 1)
    except DatasetFileError as error:
        return error.reason
    if len(data) != size:
        return f"holds {'more' if len(data) > size else len(data)} bytes instead of {size}"
    found = sha256(data).hexdigest()
    return None if found == digest else f"content has SHA-256 {found}, must be {digest}"

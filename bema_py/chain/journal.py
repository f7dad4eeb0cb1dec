"""The journal of an embedded chain: one JSON line a request, on disk before the caller hears its result."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from bema_py.chain.errors import JournalAccessError, JournalBusyError, JournalDivergedError, JournalError
from bema_py.core.durable import sync_directory
from bema_py.core.json_text import read_json

VERSION = 1
Entry = Mapping[str, Any]


class Journal:
    """An append-only file of requests and of the block each one led to.

    The first line names the version and the genesis hash. A last line without its line feed was being written
    when the process died; nobody heard of its result, so it is dropped.
    """

    def __init__(self, path: Path, genesis: str) -> None:
        self.path = path
        self._genesis = genesis
        self._file = _opened(path)
        whole = len(_content(path))
        with _accessing(path):
            os.truncate(path, whole)
            sync_directory(path.parent)
        if not whole:
            self.append({"version": VERSION, "genesis": genesis})

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Yield line numbers and recorded requests, oldest first."""
        return read_entries(self.path, self._genesis)

    def append(self, entry: Entry) -> None:
        """Write one line and wait until the disk has it. Raises `JournalAccessError`."""
        with _accessing(self.path):
            self._file.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Release the file to other processes."""
        self._file.close()


def read_entries(path: Path, genesis: str) -> Iterator[tuple[int, Entry]]:
    """Yield line numbers and recorded requests without taking the file.

    Raises `JournalAccessError`, `JournalError` for a line that is no entry, `JournalDivergedError` for
    another genesis.
    """
    for number, line in enumerate(_content(path).splitlines(), start=1):
        entry = _entry(path, number, line)
        if number == 1:
            _check_head(path, entry, genesis)
        else:
            yield number, entry


def _content(path: Path) -> bytes:
    """Read the lines that were written to their end."""
    with _accessing(path):
        content = path.read_bytes()
    return content[: content.rfind(b"\n") + 1]


def _entry(path: Path, number: int, line: bytes) -> Entry:
    try:
        entry = read_json(line)
    except ValueError as error:
        raise JournalError(path, number, f"no JSON: {error}") from error
    if not isinstance(entry, dict):
        raise JournalError(path, number, "no JSON object")
    return entry


def _check_head(path: Path, entry: Entry, genesis: str) -> None:
    if entry.get("version") != VERSION:
        raise JournalError(path, 1, f"version {entry.get('version')}, this program reads version {VERSION}")
    if entry.get("genesis") != genesis:
        raise JournalDivergedError(path, 1, "genesis", entry.get("genesis"), genesis)


@contextmanager
def _accessing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JournalAccessError(path, error) from error


def _opened(path: Path) -> BinaryIO:
    """Open the file for this process alone."""
    with _accessing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise JournalBusyError(path) from error
    return file

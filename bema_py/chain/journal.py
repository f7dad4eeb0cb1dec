"""The journal of an embedded chain: one JSON line a request, on disk before the caller hears its result."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from bema_py.chain.errors import JournalBusyError, JournalDivergedError, JournalError, JournalMissingError

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
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        _lock(self._file, path)
        content = _content(path)
        if content:
            os.truncate(path, len(content))
        else:
            os.truncate(path, 0)
            self.append({"version": VERSION, "genesis": genesis})
            _sync_folder(path.parent)

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Yield line numbers and recorded requests, oldest first."""
        return read_entries(self.path, self._genesis)

    def append(self, entry: Entry) -> None:
        """Write one line and wait until the disk has it."""
        self._file.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Release the file to other processes."""
        self._file.close()


def read_entries(path: Path, genesis: str) -> Iterator[tuple[int, Entry]]:
    """Yield line numbers and recorded requests without taking the file.

    Raises `JournalMissingError`, `JournalError` for a line that is no entry, `JournalDivergedError` for
    another genesis.
    """
    if not path.exists():
        raise JournalMissingError(path)
    for number, line in enumerate(_content(path).splitlines(), start=1):
        entry = _entry(path, number, line)
        if number == 1:
            _check_head(path, entry, genesis)
        else:
            yield number, entry


def _content(path: Path) -> bytes:
    """Read the lines that were written to their end."""
    content = path.read_bytes()
    return content[: content.rfind(b"\n") + 1]


def _entry(path: Path, number: int, line: bytes) -> Entry:
    try:
        entry = json.loads(line)
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


def _lock(file: BinaryIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise JournalBusyError(path) from error


def _sync_folder(folder: Path) -> None:
    """Make the new file's name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Files that appear whole and durable, or not at all."""

import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from bema_py.core.durable import sync_directory


def write_atomically(path: Path, data: bytes, scratch: Path) -> None:
    """Write a file so that after a crash it is either whole or absent; raises OSError.

    scratch: a directory on the same file system for the unfinished file. Any number of processes may write
    the same path at once.
    """
    _make_directory(scratch)
    _make_directory(path.parent)
    while True:
        descriptor, name = tempfile.mkstemp(dir=scratch)
        try:
            # The lock tells remove_leftovers that the writer is alive; it goes with the process.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink == 0:
                continue  # removed between its creation and the lock
            _write_all(descriptor, data)
            # Contents are public, and an auditor may be another user.
            os.fchmod(descriptor, 0o644)
            os.fsync(descriptor)
            Path(name).replace(path)
            sync_directory(path.parent)
            return
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
        finally:
            os.close(descriptor)


def remove_leftovers(scratch: Path) -> None:
    """Remove the unfinished files of writers that died; files of living writers stay."""
    for path in scratch.glob("*"):
        # Locked by a living writer, removed by another reader, or in a store that may only be read.
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _make_directory(path: Path) -> None:
    """Create a directory and its parents, each durable in its own parent."""
    if path.is_dir():
        return
    _make_directory(path.parent)
    path.mkdir(exist_ok=True)
    sync_directory(path.parent)

"""One process for each state directory: two with the same would commit twice and vote twice."""

import fcntl
import os
from pathlib import Path

from bema_py.core.errors import InputError


class StateInUseError(InputError):
    """Another process works with this state directory."""

    def __init__(self, directory: Path, owner: str) -> None:
        """Keep the directory and what the other process wrote about itself."""
        self.directory, self.owner = directory, owner
        super().__init__(f"{directory} is in use by process {owner}: two nodes must not share one state")


class StateDirectoryError(InputError):
    """The state directory cannot be made or written."""

    def __init__(self, directory: Path, reason: str) -> None:
        """Keep the directory and the system's reason."""
        self.directory, self.reason = directory, reason
        super().__init__(f"the state directory {directory} cannot be written: {reason}")


class StateLock:
    """Held as long as the process lives, also where it is killed."""

    def __init__(self, directory: Path) -> None:
        """Take the lock; raises StateInUseError and StateDirectoryError."""
        try:
            self._take(directory)
        except OSError as error:
            raise StateDirectoryError(directory, error.strerror or str(error)) from error

    def _take(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(directory / "node.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise StateInUseError(directory, owner or "unknown") from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process have the state."""
        os.close(self._descriptor)

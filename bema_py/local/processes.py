"""The processes of a local network: started apart from this one, known by pid and start time, never by name."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from bema_py.core.errors import BemaError
from bema_py.local.plan import PlanFileError
from bema_py.storage.atomic_file import write_atomically

FILE = "processes.json"
CHAIN = "chain"
PATIENCE = 30.0
"""Seconds that a process has to end by itself."""


class StartError(BemaError):
    """A process of the network could not be started, or did not become well."""

    def __init__(self, name: str, reason: str) -> None:
        """Keep the process's name and the reason."""
        self.name, self.reason = name, reason
        super().__init__(f"{name}: {reason}")


@dataclass(frozen=True)
class Started:
    """A process: a pid alone may be another's by now, together with its start time, in seconds, it is not."""

    name: str
    pid: int
    started: float

    def process(self) -> psutil.Process | None:
        """Return the process if it still runs."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < 0.1
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    def memory(self) -> int | None:
        """Return the bytes of memory it holds, libraries that it shares with others included; None if it is gone."""
        found = self.process()
        try:
            return int(found.memory_info().rss) if found else None
        except psutil.Error:
            return None

    def share(self) -> int | None:
        """Return the bytes that it holds alone and its part of what it shares (PSS); None if it is gone.

        The shares of all processes add up to what they take. Elsewhere than on Linux it is what the process holds.
        """
        found = self.process()
        try:
            return int(getattr(found.memory_full_info(), "pss", found.memory_info().rss)) if found else None
        except psutil.Error:
            return None


class Processes:
    """What runs of a network, recorded in its directory at every change."""

    def __init__(self, directory: Path) -> None:
        """Read the record; raises PlanFileError."""
        self.directory = directory
        self.started: dict[str, Started] = {}
        path = directory / FILE
        if path.exists():
            try:
                entries = [Started(**entry) for entry in json.loads(path.read_text())]
            except (OSError, ValueError, TypeError) as error:
                raise PlanFileError(path, f"it is no record of processes ({error})") from error
            self.started = {entry.name: entry for entry in entries}

    def running(self, name: str) -> Started | None:
        """Return a process of this name that runs."""
        entry = self.started.get(name)
        return entry if entry and entry.process() else None

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Started:
        """Start a process whose output goes to its log file. Raises StartError."""
        self.log_of(name).parent.mkdir(exist_ok=True)
        try:
            with self.log_of(name).open("ab") as log:
                child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=dict(environment),
                    cwd=self.directory,
                    start_new_session=True,
                )
            entry = Started(name, child.pid, psutil.Process(child.pid).create_time())
        except (OSError, psutil.Error) as error:
            raise StartError(name, f"cannot be started ({error})") from error
        self.started[name] = entry
        self._save()
        return entry

    def stop(self, names: Sequence[str]) -> list[str]:
        """End these processes, by force where one does not end by itself; return those that ran."""
        found = {name: entry.process() for name in names if (entry := self.started.get(name))}
        alive = {name: process for name, process in found.items() if process}
        for process in alive.values():
            _signal(process, force=False)
        _, stubborn = psutil.wait_procs(list(alive.values()), timeout=PATIENCE)
        for process in stubborn:
            _signal(process, force=True)
        psutil.wait_procs(stubborn, timeout=PATIENCE)
        for name in names:
            self.started.pop(name, None)
        self._save()
        return list(alive)

    def log_of(self, name: str) -> Path:
        """Return a process's log file."""
        return self.directory / "logs" / f"{name}.log"

    def last_line(self, name: str) -> str:
        """Return the last line of a process's log."""
        try:
            with self.log_of(name).open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - 4096))
                lines = file.read().decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""

    def _save(self) -> None:
        data = json.dumps([asdict(entry) for entry in self.started.values()], indent=1).encode()
        write_atomically(self.directory / FILE, data, self.directory / "unfinished")


def bema(*arguments: str) -> list[str]:
    """Return the command line of `bema` in this very interpreter."""
    return [sys.executable, "-m", "bema_py", *arguments]


def _signal(process: psutil.Process, *, force: bool) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill() if force else process.terminate()

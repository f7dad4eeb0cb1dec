"""The SQLite file of an event index: its tables, one writer at a time, and every fault of SQLite named."""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bema_py.core.errors import InputError

VERSION = 1
BUSY = 30.0
"""Seconds that a process waits for another one that writes."""
BETWEEN = 0.05
"""Seconds between two attempts where SQLite itself does not wait."""
STORAGE = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
)
"""What SQLite says where not the file is at fault but what it lies on."""
SCHEMA = """
create table if not exists identity (chain_id integer, contract blob, first integer, genesis blob);
create table if not exists checkpoints (number integer primary key, hash blob not null);
create table if not exists logs (
    block_number integer, log_index integer, block_hash blob not null, time integer not null,
    transaction_index integer not null, transaction_hash blob not null, topics text not null, data blob not null,
    primary key (block_number, log_index)) without rowid;
"""


class IndexFileError(InputError):
    """A file that is no event index, one of another version, or a damaged one."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} is no event index: {problem}; remove it, or name another in chain.index")
        self.path, self.problem = path, problem


class IndexBusyError(InputError):
    """Another process has been writing to the index for too long."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(f"waited {seconds:g} s for another process that writes to {path}: try again")
        self.path, self.seconds = path, seconds


class IndexStorageError(InputError):
    """The file system does not take or give what SQLite asks of it: it is full, read-only or faulty."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} cannot be read or written ({problem}): make room on its disk, or mend it")
        self.path, self.problem = path, problem


class IndexFile:
    """An open file. Raises `IndexFileError`, `IndexStorageError` and `IndexBusyError`, from every method."""

    def __init__(self, path: Path, wait: float = BUSY) -> None:
        self.path, self.wait = path, wait
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._named():
            self._connection = sqlite3.connect(path, timeout=wait, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def ask(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """Execute one statement and give all its rows."""
        return list(self.each(statement, *values))

    def each(self, statement: str, *values: object) -> Iterator[sqlite3.Row]:
        """Execute one statement and give its rows one by one, as the file was when it began."""
        with self._named():
            yield from self._connection.execute(statement, values)

    def put(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Execute one statement for many rows."""
        with self._named():
            self._connection.executemany(statement, rows)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read the file as it is at the first statement, whatever others write meanwhile."""
        self.ask("begin")
        try:
            yield
        finally:
            self.ask("rollback")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write alone: others wait, and after a fault nothing was written."""
        self.ask("begin immediate")
        try:
            yield
            self.ask("commit")
        except BaseException:
            if self._connection.in_transaction:
                self.ask("rollback")
            raise

    def clear(self) -> None:
        """Forget everything, as part of a transaction: other processes that have the file open see the new one.

        The file itself stays, because SQLite loses what others write to a file that was removed under them.
        """
        for table in ("identity", "checkpoints", "logs"):
            self.ask(f"delete from {table}")

    def bytes(self) -> int:
        """Give the size of the file in bytes, with what SQLite keeps beside it."""
        beside = [self.path.with_name(self.path.name + suffix) for suffix in ("", "-wal")]
        return sum(each.stat().st_size for each in beside if each.exists())

    def _prepare(self) -> None:
        """Make sure that the file is ours or empty before anything is written to it."""
        (state,) = self.ask(
            "select user_version as version, (select count(*) from sqlite_master) as tables from pragma_user_version"
        )
        if state["version"] != VERSION and (state["version"] or state["tables"]):
            problem = f"it has version {state['version']} and {state['tables']} tables, not version {VERSION}"
            raise IndexFileError(self.path, problem)
        self._share()
        if state["version"] != VERSION:
            with self.writing():
                for statement in SCHEMA.split(";"):
                    self.ask(statement)
                self.ask(f"pragma user_version = {VERSION}")

    def _share(self) -> None:
        """Let others read while one writes; SQLite does not wait by itself for others that ask for the same."""
        deadline = time.monotonic() + self.wait
        while True:
            try:
                self.ask("pragma journal_mode = wal")
            except IndexBusyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(BETWEEN)
            else:
                return

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code: Any = getattr(error, "sqlite_errorcode", None)
            kind = None if code is None else code & 0xFF
            if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise IndexBusyError(self.path, self.wait) from error
            if kind in STORAGE:
                raise IndexStorageError(self.path, str(error)) from error
            raise IndexFileError(self.path, str(error)) from error

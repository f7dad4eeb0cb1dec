"""A contract's events in a SQLite file: read once, brought up to date, and rolled back where the chain was.

The file holds the raw logs and the hashes of the newest blocks, and of a few of those before. When the chain no longer
has the newest, everything after the newest one that it still has is forgotten and read again. A range of blocks goes in
whole or not at all, and only behind the block that it was read to follow, so processes that share a file neither repeat
nor skip anything.
"""

import json
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from bema_py.chain.connection import Chain
from bema_py.chain.errors import ChainError, ChainResponseError, HistoryChangedError
from bema_py.chain.events import Event
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.index_file import IndexFile, IndexFileError
from bema_py.chain.known_events import KnownEvents
from bema_py.chain.log_ranges import (
    IncompleteLogsError,
    InventedLogError,
    RawLog,
    ReadRange,
    read_headers,
    read_range,
)
from bema_py.core.types import Address, hex0x

FIRST_RANGE, LARGEST_RANGE = 256, 8192
"""Blocks asked for at once: at first, and at most."""
TRIES = 5
"""How often in a row reading may be disturbed by a reorganisation or by answers that do not agree."""
RECENT, SPARSE = 256, 1024
"""Hashes are kept of the newest blocks, as many as this, and of every so manieth before."""
Progress = Callable[[str, int, int], None]
"""Called with the name of the stage, the units done and all units."""


class ForeignIndexError(ChainError):
    """An index of another chain or another contract, or of a chain that was started anew."""

    def __init__(self, path: Path, what: str, indexed: object, found: object) -> None:
        super().__init__(
            f"{path} is the index of {what} {indexed}, the node serves {found}: "
            "read everything again with `bema index --rebuild`"
        )
        self.path, self.what, self.indexed, self.found = path, what, indexed, found


@dataclass(frozen=True, slots=True)
class Update:
    """What bringing an index up to date did: the logs added and forgotten, and the block it now reaches."""

    added: int
    forgotten: int
    reaches: int


@dataclass(eq=False)
class EventIndex:
    """The events of one contract on one chain, from its first block on; open it by `open_index`."""

    file: IndexFile
    chain: Chain
    contract: Address
    first: int
    range_size: int = FIRST_RANGE
    known: KnownEvents = field(init=False)

    def __post_init__(self) -> None:
        """Know no event yet."""
        self.known = KnownEvents(self.file)

    def __enter__(self) -> Self:
        """Give the index for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def update(self, progress: Progress | None = None) -> Update:
        """Follow the chain to its head as it is now; raises what reading raises, and keeps what was read before."""
        head = self.chain.head().number
        forgotten = self._roll_back()
        added, disturbed = 0, 0
        while (start := self.reaches() + 1) <= head:
            try:
                added += self._read_on(start, min(start + self.range_size - 1, head))
                disturbed = 0
            except ChainResponseError:
                # Too many blocks or results for this node.
                if self.range_size == 1:
                    raise
                self._halve()
            except (HistoryChangedError, IncompleteLogsError, InventedLogError) as error:
                # A node may cut long answers short without saying so: halves are asked for before it counts.
                disturbed += isinstance(error, HistoryChangedError) or self.range_size == 1
                if disturbed >= TRIES:
                    raise
                self._halve()
                forgotten += self._roll_back()
                head = self.chain.head().number
            if progress is not None:
                progress("events", self.reaches() - self.first + 1, max(1, head - self.first + 1))
        return Update(added, forgotten, self.reaches())

    def events(self) -> list[Event]:
        """Give every indexed event in chain order; only those that are new to this process are read from the file."""
        return self.known.follow()

    def rows(self) -> Iterator[sqlite3.Row]:
        """Give every raw log in chain order, as the file was when this began."""
        return self.file.each("select * from logs order by block_number, log_index")

    def reaches(self) -> int:
        """Give the number of the last block that was read; the one before the first where none was."""
        return int(self._newest()["number"])

    def size(self) -> int:
        """Give the number of logs."""
        (row,) = self.file.ask("select count(*) as logs from logs")
        return int(row["logs"])

    def _halve(self) -> None:
        self.range_size = max(1, self.range_size // 2)

    def _read_on(self, start: int, end: int) -> int:
        """Read one range and keep it, unless another process did."""
        before = self._checkpoint(start - 1)
        read = read_range(self.chain, self.contract, start, end, before)
        if not self._keep(read, start - 1, before):
            return 0
        self.range_size = min(2 * self.range_size, LARGEST_RANGE)
        return len(read.logs)

    def _keep(self, read: ReadRange, number: int, before: EthereumHash) -> bool:
        """Write a range in one transaction, if the index still ends with the block that it follows."""
        with self.file.writing():
            newest = self._newest()
            if (newest["number"], newest["hash"]) != (number, before):
                return False
            oldest = read.headers[-1].number - RECENT
            thin = "delete from checkpoints where number <= ? and number >= ? and number % ? != 0"
            self.file.ask(thin, oldest, self.first, SPARSE)
            kept = [each for each in read.headers if each.number > oldest or each.number % SPARSE == 0]
            self.file.put(
                "insert into checkpoints values (?, ?)", ((each.number, each.hash) for each in kept)
            )
            self.file.put("insert into logs values (?, ?, ?, ?, ?, ?, ?, ?)", map(_row, read.logs))
            return True

    def _roll_back(self) -> int:
        """Forget what follows the newest block that the chain still has; give the number of forgotten logs."""
        head = self.chain.head().number
        if self._still_there(self._newest(), head):
            return 0
        # Blocks follow one another: those below one that is still there are there too.
        rows = self.file.ask("select * from checkpoints order by number")
        common = bisect_left(rows, 1, key=lambda row: not self._still_there(row, head))
        if common == 0:
            number, block_hash = rows[0]
            found = hex0x(_hash_of(self.chain, number)) if number <= head else f"no block {number}"
            raise ForeignIndexError(self.path, f"a chain with block {number}", hex0x(block_hash), found)
        return self._forget_after(rows[common - 1])

    def _still_there(self, checkpoint: sqlite3.Row, head: int) -> bool:
        number, block_hash = checkpoint
        return number <= head and bytes(block_hash) == _hash_of(self.chain, number)

    def _forget_after(self, checkpoint: sqlite3.Row) -> int:
        """Forget what follows a block, unless another process forgot that block itself meanwhile."""
        number, block_hash = checkpoint
        with self.file.writing():
            if self._checkpoint(number) != block_hash:
                return 0
            (row,) = self.file.ask("select count(*) as logs from logs where block_number > ?", number)
            self.file.ask("delete from logs where block_number > ?", number)
            self.file.ask("delete from checkpoints where number > ?", number)
            return int(row["logs"])

    def _newest(self) -> sqlite3.Row:
        rows = self.file.ask("select * from checkpoints order by number desc limit 1")
        if not rows:
            raise IndexFileError(self.path, "another process has begun it anew")
        return rows[0]

    def _checkpoint(self, number: int) -> EthereumHash:
        rows = self.file.ask("select hash from checkpoints where number = ?", number)
        return EthereumHash(rows[0]["hash"]) if rows else EthereumHash(b"")

    @property
    def path(self) -> Path:
        """The file of the index."""
        return self.file.path


def open_index(
    path: Path, chain: Chain, contract: Address, first: int, *, rebuild: bool = False
) -> EventIndex:
    """Open the index of a contract that was deployed in block `first`, or begin it; with `rebuild`, begin it anew.

    Raises `IndexFileError`, `IndexBusyError`, and `ForeignIndexError` for one of another chain or contract.
    """
    index = EventIndex(IndexFile(path), chain, contract, first)
    try:
        _identify(index, rebuild)
    except BaseException:
        index.close()
        raise
    return index


def _identify(index: EventIndex, rebuild: bool) -> None:
    """Write what a new index is of, or compare what an old one says."""
    genesis = _hash_of(index.chain, 0)
    rows = [] if rebuild else index.file.ask("select * from identity")
    if not rows:
        before = index.first - 1
        parent = _hash_of(index.chain, before) if before >= 0 else EthereumHash(bytes(32))
        with index.file.writing():
            if rebuild:
                index.file.clear()
            rows = index.file.ask("select * from identity")
            if not rows:
                own = (index.chain.chain_id, index.contract, index.first, genesis)
                index.file.ask("insert into identity values (?, ?, ?, ?)", *own)
                index.file.ask("insert into checkpoints values (?, ?)", before, parent)
                return
    (row,) = rows
    stated = {
        "chain id": (row["chain_id"], index.chain.chain_id),
        "contract": (hex0x(row["contract"]), hex0x(index.contract)),
        "a contract of block": (row["first"], index.first),
        "a chain with genesis block": (hex0x(row["genesis"]), hex0x(genesis)),
    }
    for what, (indexed, found) in stated.items():
        if indexed != found:
            raise ForeignIndexError(index.path, what, indexed, found)


def _hash_of(chain: Chain, number: int) -> EthereumHash:
    (header,) = read_headers(chain, number, number)
    return header.hash


def _row(log: RawLog) -> tuple[object, ...]:
    return (
        log.header.number,
        log.log_index,
        log.header.hash,
        log.header.time,
        log.transaction_index,
        log.transaction_hash,
        json.dumps([topic.hex() for topic in log.topics]),
        log.data,
    )

"""A contract's events in a SQLite file: read once, brought up to date, and rolled back where the chain was.

The file holds the raw logs and the hashes of blocks at which reading stopped. When the chain no longer has such a
block, everything after the newest one that it still has is forgotten and read again. A range of blocks goes in whole or
not at all, and only behind the block that it was read to follow, so processes that share a file neither repeat nor skip
anything.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bema_py.chain.connection import Chain, EthereumHash
from bema_py.chain.errors import ChainError, ChainResponseError, HistoryChangedError
from bema_py.chain.events import Event, decode_log
from bema_py.chain.log_ranges import IncompleteLogsError, ReadRange, read_headers, read_range
from bema_py.core.errors import InputError
from bema_py.core.types import Address, hex0x

VERSION = 1
FIRST_RANGE, LARGEST_RANGE = 256, 8192
"""Blocks asked for at once: at first, and at most."""
TRIES = 5
"""How often in a row reading may be disturbed by a reorganisation or by answers that do not agree."""
BUSY = 30.0
"""Seconds that a process waits for another one that writes."""
_SCHEMA = """
create table if not exists identity (chain_id integer, contract blob, first integer, genesis blob);
create table if not exists checkpoints (number integer primary key, hash blob not null);
create table if not exists logs (
    block_number integer, log_index integer, block_hash blob not null, time integer not null,
    transaction_index integer not null, transaction_hash blob not null, topics text not null, data blob not null,
    primary key (block_number, log_index)) without rowid;
"""
Progress = Callable[[str, int, int], None]
"""Called with the name of the stage, the units done and all units."""


class IndexFileError(InputError):
    """A file that is no event index, or one of another version."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} is no event index: {problem}")
        self.path, self.problem = path, problem


class ForeignIndexError(ChainError):
    """An index of another chain or another contract, or of a chain that was started anew."""

    def __init__(self, path: Path, what: str, indexed: object, found: object) -> None:
        super().__init__(
            f"{path} is the index of {what} {indexed}, the node serves {found}: "
            "read everything again with `bema index --rebuild`"
        )
        self.path, self.what, self.indexed, self.found = path, what, indexed, found


class IndexMismatchError(ChainError):
    """The chain, read again, has other events than the index."""

    def __init__(self, path: Path, number: int, block: int) -> None:
        super().__init__(
            f"{path} differs from the chain at event {number}, about block {block}: "
            "read everything again with `bema index --rebuild`"
        )
        self.path, self.number, self.block = path, number, block


@dataclass(frozen=True, slots=True)
class Update:
    """What bringing an index up to date did: the logs added and forgotten, and the block it now reaches."""

    added: int
    forgotten: int
    reaches: int


@dataclass(eq=False)
class EventIndex:
    """The events of one contract on one chain, from its first block on; open it by `open_index`."""

    path: Path
    chain: Chain
    contract: Address
    first: int
    database: sqlite3.Connection
    range_size: int = FIRST_RANGE
    decoded: dict[tuple[int, int], Event] = field(default_factory=dict)
    """What this process has decoded, so that a long history is not decoded again for every block."""

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
        self.database.close()

    def update(self, progress: Progress | None = None) -> Update:
        """Follow the chain to its head as it is now; raises what reading raises, and keeps what was read before."""
        head = self.chain.head().number
        forgotten = self._roll_back()
        added, disturbed = 0, 0
        while (start := self.reaches() + 1) <= head:
            try:
                added += self._read_on(start, min(start + self.range_size - 1, head))
                disturbed = 0
            except (HistoryChangedError, IncompleteLogsError):
                disturbed += 1
                if disturbed >= TRIES:
                    raise
                forgotten += self._roll_back()
                head = self.chain.head().number
            except ChainResponseError:
                # Too many blocks or results for this node.
                if self.range_size == 1:
                    raise
                self.range_size = max(1, self.range_size // 2)
            if progress is not None:
                progress("events", self.reaches() - self.first + 1, max(1, head - self.first + 1))
        return Update(added, forgotten, self.reaches())

    def events(self) -> list[Event]:
        """Give every indexed event in chain order."""
        kept: dict[tuple[int, int], Event] = {}
        for row in self.database.execute("select * from logs order by block_number, log_index"):
            place, block_hash = (row["block_number"], row["log_index"]), row["block_hash"]
            known = self.decoded.get(place)
            event = known if known and known.position.block_hash == block_hash else _decoded(row)
            if event is not None:
                kept[place] = event
        self.decoded = kept
        return list(kept.values())

    def reaches(self) -> int:
        """Give the number of the last block that was read; the one before the first where none was."""
        (number,) = self.database.execute("select max(number) from checkpoints").fetchone()
        return int(number)

    def size(self) -> int:
        """Give the number of logs."""
        (count,) = self.database.execute("select count(*) from logs").fetchone()
        return int(count)

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
        with self._writing():
            if self.reaches() != number or self._checkpoint(number) != before:
                return False
            last = read.headers[-1]
            self.database.execute("insert into checkpoints values (?, ?)", (last.number, last.hash))
            self.database.executemany(
                "insert into logs values (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        log.header.number,
                        log.log_index,
                        log.header.hash,
                        log.header.time,
                        log.transaction_index,
                        log.transaction_hash,
                        json.dumps([topic.hex() for topic in log.topics]),
                        log.data,
                    )
                    for log in read.logs
                ],
            )
            return True

    def _roll_back(self) -> int:
        """Forget what follows the newest block that the chain still has; give the number of forgotten logs."""
        rows = self.database.execute("select number, hash from checkpoints order by number desc").fetchall()
        head = self.chain.head().number
        for number, block_hash in rows:
            if number <= head and _hash_of(self.chain, number) == block_hash:
                return self._forget_after(number) if number != rows[0]["number"] else 0
        number, block_hash = rows[-1]
        found = hex0x(_hash_of(self.chain, number)) if number <= head else f"no block {number}"
        raise ForeignIndexError(self.path, f"a chain with block {number}", hex0x(block_hash), found)

    def _forget_after(self, number: int) -> int:
        with self._writing():
            removed = self.database.execute("delete from logs where block_number > ?", (number,)).rowcount
            self.database.execute("delete from checkpoints where number > ?", (number,))
            return removed

    def _checkpoint(self, number: int) -> EthereumHash:
        row = self.database.execute("select hash from checkpoints where number = ?", (number,)).fetchone()
        return EthereumHash(row["hash"]) if row else EthereumHash(b"")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write alone: others wait, and after a fault nothing was written."""
        self.database.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.database.execute("rollback")
            raise
        self.database.execute("commit")


def open_index(path: Path, chain: Chain, contract: Address, first: int) -> EventIndex:
    """Open the index of a contract that was deployed in block `first`, or begin it.

    Raises `IndexFileError`, and `ForeignIndexError` for one of another chain or contract.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        database = sqlite3.connect(path, timeout=BUSY, isolation_level=None)
        database.row_factory = sqlite3.Row
        database.execute("pragma journal_mode = wal")
        (version,) = database.execute("pragma user_version").fetchone()
        if version not in (0, VERSION):
            raise IndexFileError(path, f"it has version {version}, this program writes {VERSION}")
        index = EventIndex(path, chain, contract, first, database)
        _identify(index)
    except sqlite3.DatabaseError as error:
        raise IndexFileError(path, str(error)) from error
    return index


def _identify(index: EventIndex) -> None:
    """Write what a new index is of, or compare what an old one says."""
    genesis = _hash_of(index.chain, 0)
    database = index.database
    with index._writing():
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
        row = database.execute("select * from identity").fetchone()
        if row is None:
            own = (index.chain.chain_id, index.contract, index.first, genesis)
            database.execute("insert into identity values (?, ?, ?, ?)", own)
            before = index.first - 1
            parent = _hash_of(index.chain, before) if before >= 0 else EthereumHash(bytes(32))
            database.execute("insert into checkpoints values (?, ?)", (before, parent))
            database.execute(f"pragma user_version = {VERSION}")
            return
    stated = {
        "chain id": (row["chain_id"], index.chain.chain_id),
        "contract": (hex0x(row["contract"]), hex0x(index.contract)),
        "a contract of block": (row["first"], index.first),
        "a chain with genesis block": (hex0x(row["genesis"]), hex0x(genesis)),
    }
    for what, (indexed, found) in stated.items():
        if indexed != found:
            database.close()
            raise ForeignIndexError(index.path, what, indexed, found)


def remove_index(path: Path) -> None:
    """Remove an index with the files that SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _hash_of(chain: Chain, number: int) -> EthereumHash:
    (header,) = read_headers(chain, number, number)
    return header.hash


def _decoded(row: Mapping[str, Any]) -> Event | None:
    log = {
        "topics": [bytes.fromhex(topic) for topic in json.loads(row["topics"])],
        "data": row["data"],
        "blockNumber": row["block_number"],
        "logIndex": row["log_index"],
        "transactionIndex": row["transaction_index"],
        "transactionHash": row["transaction_hash"],
        "blockHash": row["block_hash"],
    }
    return decode_log(log, row["time"])

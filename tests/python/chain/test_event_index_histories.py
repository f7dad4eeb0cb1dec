"""The event index on an invented chain: random growth, reorganisations, faults and rival processes, in any order."""

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from eth_bloom.bloom import BloomFilter
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bema_py.chain.connection import Chain, Head
from bema_py.chain.errors import ChainError, ChainResponseError
from bema_py.chain.event_index import EventIndex, ForeignIndexError, open_index
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.index_check import IndexMismatchError, compare_with_chain
from bema_py.chain.index_file import IndexBusyError, IndexFile, IndexFileError
from bema_py.chain.log_ranges import IncompleteLogsError, InventedLogError
from bema_py.core.types import Address, hex0x

CONTRACT, NEIGHBOUR = Address(b"\x0c" * 20), Address(b"\x0d" * 20)
FIRST = 1
unique = count()


def digest(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()


@dataclass(frozen=True)
class Block:
    """A block of the invented chain, and its logs in JSON."""

    number: int
    hash: bytes
    parent: bytes
    logs: tuple[dict[str, Any], ...]

    def header(self) -> dict[str, Any]:
        words = [bytes.fromhex(word[2:]) for log in self.logs for word in (log["address"], *log["topics"])]
        return {
            "number": hex(self.number),
            "hash": hex0x(self.hash),
            "parentHash": hex0x(self.parent),
            "timestamp": hex(1000 + self.number),
            "logsBloom": f"0x{int(BloomFilter.from_iterable(words)):0512x}",
        }


class InventedChain(Chain):
    """A node in memory; `most` is the number of logs it gives at once, `disturb` is called before every answer."""

    def __init__(self) -> None:
        self.url, self.chain_id = "invented", 1
        self.blocks: list[Block] = []
        self.most, self.refuses = 10**9, False
        self.disturb: Callable[[], None] = lambda: None
        self.spoil: Callable[[str, Any], Any] = lambda _, answer: answer
        self.grow([0, 0])

    def grow(self, logs_in_blocks: list[int]) -> None:
        for logs in logs_in_blocks:
            number = len(self.blocks)
            parent = self.blocks[-1].hash if self.blocks else bytes(32)
            block_hash = digest("block", next(unique))
            made = tuple(self._log(number, block_hash, index) for index in range(2 * logs))
            self.blocks.append(Block(number, block_hash, parent, made))

    def shrink(self, depth: int) -> None:
        del self.blocks[max(FIRST + 1, len(self.blocks) - depth) :]

    def _log(self, number: int, block_hash: bytes, index: int) -> dict[str, Any]:
        return {
            "address": hex0x((CONTRACT, NEIGHBOUR)[index % 2]),
            "blockNumber": hex(number),
            "blockHash": hex0x(block_hash),
            "logIndex": hex(index),
            "transactionIndex": "0x0",
            "transactionHash": hex0x(digest("transaction", block_hash)),
            "topics": [hex0x(digest("topic", next(unique)))],
            "data": hex0x(digest("data", next(unique))),
        }

    def head(self) -> Head:
        self.disturb()
        last = self.blocks[-1]
        return Head(last.number, 0, EthereumHash(last.hash))

    def request(self, method: str, parameters: list[Any]) -> Any:
        self.disturb()
        return self.spoil(method, self._answer(method, parameters[0]))

    def request_all(self, asked: Any) -> list[Any]:
        return [self.request(method, parameters) for method, parameters in asked]

    def _answer(self, method: str, asked: Any) -> Any:
        if method == "eth_getBlockByNumber":
            number = int(asked, 16)
            return self.blocks[number].header() if number < len(self.blocks) else None
        if "blockHash" in asked:
            chosen = [block for block in self.blocks if hex0x(block.hash) == asked["blockHash"]]
            if not chosen:
                raise ChainResponseError(self.url, "unknown block")
            return of_contract(chosen)
        found = of_contract(self.blocks[int(asked["fromBlock"], 16) : int(asked["toBlock"], 16) + 1])
        if len(found) > self.most and self.refuses:
            raise ChainResponseError(self.url, "too many results")
        return found[: self.most]


def of_contract(blocks: list[Block]) -> list[dict[str, Any]]:
    return [log for block in blocks for log in block.logs if log["address"] == hex0x(CONTRACT)]


def on_chain(chain: InventedChain) -> list[tuple[int, int, bytes, bytes]]:
    found = of_contract(chain.blocks)
    return [
        (int(log["blockNumber"], 16), int(log["logIndex"], 16), unhex(log["blockHash"]), unhex(log["data"]))
        for log in found
    ]


def indexed(index: EventIndex) -> list[tuple[int, int, bytes, bytes]]:
    return [(row["block_number"], row["log_index"], row["block_hash"], row["data"]) for row in index.rows()]


def unhex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


blocks = st.lists(st.integers(0, 3), min_size=1, max_size=12)


class Histories(RuleBasedStateMachine):
    """Two processes' indexes in one file; after every update of one, it has exactly what the chain has."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.chain = InventedChain()
        path = Path(self.directory.name) / "events.sqlite"
        self.indexes = [open_index(path, self.chain, CONTRACT, FIRST) for _ in range(2)]
        for index in self.indexes:
            index.range_size = 4

    def teardown(self) -> None:
        for index in self.indexes:
            index.close()
        self.directory.cleanup()

    @rule(made=blocks)
    def grow(self, made: list[int]) -> None:
        self.chain.grow(made)

    @rule(depth=st.integers(1, 20), made=blocks)
    def reorganise(self, depth: int, made: list[int]) -> None:
        self.chain.shrink(depth)
        self.chain.grow(made)

    @rule(most=st.integers(3, 12), refuses=st.booleans())
    def limit(self, most: int, refuses: bool) -> None:
        self.chain.most, self.chain.refuses = most, refuses

    @rule(which=st.integers(0, 1))
    def update(self, which: int) -> None:
        self.indexes[which].update()
        assert indexed(self.indexes[which]) == on_chain(self.chain)

    @rule(which=st.integers(0, 1), moment=st.integers(0, 12), depth=st.integers(0, 20), made=blocks)
    def update_while_the_chain_moves_and_another_updates(
        self, which: int, moment: int, depth: int, made: list[int]
    ) -> None:
        left = iter(range(moment, -1, -1))

        def disturb() -> None:
            if next(left, None) == 0:
                self.chain.shrink(depth)
                self.chain.grow(made)
                self.indexes[1 - which].update()

        self.chain.disturb = disturb
        try:
            self.indexes[which].update()
        except ChainError:
            # Named and nothing lost: the next update goes on.
            pass
        finally:
            self.chain.disturb = lambda: None
        self.update(which)

    @precondition(lambda self: len(self.chain.blocks) > FIRST + 2)
    @rule(which=st.integers(0, 1))
    def begin_anew(self, which: int) -> None:
        old = self.indexes[which]
        self.indexes[which] = open_index(old.path, self.chain, CONTRACT, FIRST, rebuild=True)
        old.close()

    @invariant()
    def nothing_twice_and_no_hole(self) -> None:
        """At every moment: what the file has is one connected chain's logs, up to the block it names."""
        rows = indexed(self.indexes[0])
        assert rows == sorted(set(rows))
        assert not rows or rows[-1][0] <= self.indexes[0].reaches()


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def chain() -> InventedChain:
    made = InventedChain()
    made.grow([1, 0, 2, 1] * 5)
    return made


def begun(chain: InventedChain, directory: Path) -> EventIndex:
    return open_index(directory / "events.sqlite", chain, CONTRACT, FIRST)


def test_two_that_roll_back_at_once_forget_only_what_both_mean(chain: InventedChain, tmp_path: Path) -> None:
    """The one finds the common ancestor; before it forgets, the other rolled back further and read on."""
    with begun(chain, tmp_path) as one, begun(chain, tmp_path) as other:
        one.update()
        chain.shrink(3)
        chain.grow([1, 1])
        asked = iter(range(4, -1, -1))

        def disturb() -> None:
            if next(asked, None) == 0:
                chain.disturb = lambda: None
                chain.shrink(15)
                chain.grow([1] * 20)
                other.range_size = 64
                other.update()

        chain.disturb = disturb
        one.update()
        assert indexed(one) == indexed(other) == on_chain(chain)


def test_a_deep_reorganisation_costs_few_requests(chain: InventedChain, tmp_path: Path) -> None:
    chain.grow([0] * 3000)
    with begun(chain, tmp_path) as index:
        index.update()
        chain.shrink(700)
        chain.grow([1] * 700)
        asked: list[None] = []
        chain.disturb = lambda: asked.append(None)
        assert index._roll_back() == 0
        assert len(asked) < 20
        # Hashes are kept of each 1024th block and the newest.
        assert index.reaches() == 2048
        chain.disturb = lambda: None
        index.update()
        assert indexed(index) == on_chain(chain)


def test_the_kept_hashes_stay_few(chain: InventedChain, tmp_path: Path) -> None:
    with begun(chain, tmp_path) as index:
        for _ in range(600):
            chain.grow([0])
            index.update()
        (row,) = index.file.ask("select count(*) as kept from checkpoints")
        assert row["kept"] < 300


def test_logs_of_another_contract_are_refused(chain: InventedChain, tmp_path: Path) -> None:
    def unfiltered(method: str, answer: Any) -> Any:
        numbers = {int(log["blockNumber"], 16) for log in answer} if method == "eth_getLogs" else ()
        return [log for number in numbers for log in chain.blocks[number].logs] if numbers else answer

    chain.spoil = unfiltered
    with begun(chain, tmp_path) as index:
        with pytest.raises(InventedLogError, match="of the contract 0x0d0d"):
            index.update()
        assert [row for row in indexed(index) if row not in on_chain(chain)] == []


def test_a_log_that_the_bloom_filter_excludes_is_refused(chain: InventedChain, tmp_path: Path) -> None:
    def invent(method: str, answer: Any) -> Any:
        if method != "eth_getLogs":
            return answer
        return [{**log, "topics": [hex0x(digest("invented"))]} for log in answer]

    chain.spoil = invent
    with begun(chain, tmp_path) as index:
        with pytest.raises(InventedLogError, match="bloom filter"):
            index.update()
        assert indexed(index) == []


@pytest.mark.parametrize(
    "wrong", [None, 7, {}, {"blockNumber": None}, {"blockNumber": "0x1", "blockHash": "0xzz"}]
)
def test_what_is_no_log_is_named(chain: InventedChain, tmp_path: Path, wrong: Any) -> None:
    chain.spoil = lambda method, answer: [wrong] if method == "eth_getLogs" else answer
    with begun(chain, tmp_path) as index, pytest.raises(ChainResponseError, match="no log"):
        index.update()


def test_logs_left_out_in_ranges_are_found_by_the_bloom_filter(chain: InventedChain, tmp_path: Path) -> None:
    chain.most, chain.refuses = 0, False
    with begun(chain, tmp_path) as index, pytest.raises(IncompleteLogsError):
        index.update()


def test_a_database_of_another_program_is_left_alone(chain: InventedChain, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "events.sqlite") as database:
        database.execute("create table letters (text)")
    database.close()
    kept = (tmp_path / "events.sqlite").read_bytes()
    for rebuild in (False, True):
        with pytest.raises(IndexFileError, match="1 tables"):
            open_index(tmp_path / "events.sqlite", chain, CONTRACT, FIRST, rebuild=rebuild)
    assert (tmp_path / "events.sqlite").read_bytes() == kept


def test_a_writer_that_does_not_end_is_named(chain: InventedChain, tmp_path: Path) -> None:
    with begun(chain, tmp_path) as index, index.file.writing():
        waiting = IndexFile(index.path, wait=0.1)
        with pytest.raises(IndexBusyError), waiting.writing():
            raise AssertionError("two write at once")
        waiting.close()


def test_a_rebuilt_index_may_be_of_another_chain(chain: InventedChain, tmp_path: Path) -> None:
    other = InventedChain()
    other.grow([1, 2])
    with begun(chain, tmp_path) as index:
        index.update()
    with pytest.raises(ForeignIndexError, match="genesis block"):
        begun(other, tmp_path)
    with open_index(tmp_path / "events.sqlite", other, CONTRACT, FIRST, rebuild=True) as index:
        index.update()
        assert indexed(index) == on_chain(other)


@pytest.mark.parametrize(
    "change",
    [
        "delete from logs where block_number = 4",
        "update logs set data = x'00' where block_number = 5",
        "update logs set time = time + 1 where block_number = 5",
        "insert into logs select 3, 0, block_hash, time, 0, transaction_hash, topics, data from logs limit 1",
    ],
)
def test_reading_again_finds_every_change(chain: InventedChain, tmp_path: Path, change: str) -> None:
    with begun(chain, tmp_path) as index:
        index.update()
        compare_with_chain(index)
        assert index.file.ask(change) == []
        with pytest.raises(IndexMismatchError):
            compare_with_chain(index)

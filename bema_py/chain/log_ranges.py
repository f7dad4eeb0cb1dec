"""Reading a contract's logs block range by block range, in a way that notices what a node leaves out.

Every range is read with the headers of all its blocks. They must link to one another and to the block before the
range, every log must be the contract's, lie in one of them and fit its bloom filter, and where a header's bloom filter
says that the contract may have logged something, that block is asked for by its hash as well. What passes is complete
and true unless the node errs twice in the same way, or invents headers: those only a proof from an Ethereum block hash
obtained elsewhere would reveal. A bloom filter speaks of the contract and the topics: other data in a log, given twice
in the same way, is not noticed either.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eth_bloom.bloom import BloomFilter

from bema_py.chain.connection import Chain
from bema_py.chain.errors import ChainError, ChainResponseError, HistoryChangedError
from bema_py.chain.hashes import EthereumHash
from bema_py.core.types import Address, hex0x, unhex

HEADERS_AT_ONCE = 200
"""Headers asked for in one batch."""


class IncompleteLogsError(ChainError):
    """A node gave other logs of a block than when it was asked for that block alone."""

    def __init__(self, number: int, first: int, second: int) -> None:
        super().__init__(f"the node gives {first} or {second} logs of the contract in block {number}")
        self.number, self.first, self.second = number, first, second


class InventedLogError(ChainError):
    """A node gave a log that is not the contract's, or that its block's bloom filter excludes."""

    def __init__(self, number: int, log_index: int, problem: str) -> None:
        super().__init__(f"the node gives a log {log_index} in block {number} {problem}")
        self.number, self.log_index, self.problem = number, log_index, problem


@dataclass(frozen=True, slots=True)
class Linked:
    """A block header as far as reading logs needs it; `bloom` is 256 bytes as one number."""

    number: int
    hash: EthereumHash
    parent: EthereumHash
    time: int
    bloom: int

    def may_have(self, *words: bytes) -> bool:
        """Say whether the bloom filter leaves it open that all these addresses and topics were logged here."""
        return all(self.bloom & bits == bits for bits in map(bloom_bits, words))


@dataclass(frozen=True, slots=True)
class RawLog:
    """One log as the chain has it; its block and that block's time are in the header."""

    header: Linked
    log_index: int
    transaction_index: int
    transaction_hash: EthereumHash
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class ReadRange:
    """The contract's logs in a range of linked blocks, in order."""

    headers: tuple[Linked, ...]
    logs: tuple[RawLog, ...]


def read_range(chain: Chain, address: Address, first: int, last: int, parent: EthereumHash) -> ReadRange:
    """Read the blocks `first` to `last`, which must follow the block `parent`.

    Raises `HistoryChangedError` where they do not, `IncompleteLogsError`, and what the chain raises.
    """
    # Logs first: a node that refuses a range is not asked for its headers in vain.
    plain = request_logs(chain, address, {"fromBlock": hex(first), "toBlock": hex(last)})
    headers = tuple(read_headers(chain, first, last))
    for header in headers:
        if header.parent != parent:
            raise HistoryChangedError(header.number - 1, parent, header.parent)
        parent = header.hash
    found = logs_by_block(chain, address, plain, headers)
    logs: list[RawLog] = []
    for header in headers:
        if header.number in found or header.may_have(address):
            logs += checked_logs(chain, address, header, found.get(header.number, {}))
    return ReadRange(headers, tuple(logs))


def checked_logs(chain: Chain, address: Address, header: Linked, first: Mapping[int, RawLog]) -> list[RawLog]:
    """Give the logs of one block if asking for it by its hash gives the same ones."""
    asked = {"blockHash": hex0x(header.hash)}
    answer = request_logs(chain, address, asked)
    second = logs_by_block(chain, address, answer, [header]).get(header.number, {})
    if second != first:
        raise IncompleteLogsError(header.number, len(first), len(second))
    return [second[index] for index in sorted(second)]


def read_headers(chain: Chain, first: int, last: int) -> Iterator[Linked]:
    """Yield the headers of these blocks; raises `ChainResponseError` for one that is missing or another's."""
    for start in range(first, last + 1, HEADERS_AT_ONCE):
        numbers = range(start, min(start + HEADERS_AT_ONCE, last + 1))
        asked = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        for number, plain in zip(numbers, chain.request_all(asked), strict=True):
            yield linked(chain, number, plain)


def linked(chain: Chain, number: int, plain: Any) -> Linked:
    """Read a header's JSON."""
    try:
        header = Linked(
            int(plain["number"], 16),
            EthereumHash(unhex(plain["hash"])),
            EthereumHash(unhex(plain["parentHash"])),
            int(plain["timestamp"], 16),
            int.from_bytes(unhex(plain["logsBloom"])),
        )
    except (TypeError, KeyError, ValueError) as error:
        raise ChainResponseError(chain.url, f"no header of block {number} ({error})") from error
    if header.number != number:
        raise ChainResponseError(chain.url, f"block {header.number} where block {number} was asked for")
    return header


def request_logs(chain: Chain, address: Address, asked: Mapping[str, str]) -> list[Any]:
    """Ask for the contract's logs."""
    answer = chain.request("eth_getLogs", [{"address": hex0x(address), **asked}])
    if not isinstance(answer, list):
        raise ChainResponseError(chain.url, "logs that are no list")
    return answer


def logs_by_block(
    chain: Chain, address: Address, plain: Sequence[Any], headers: Sequence[Linked]
) -> dict[int, dict[int, RawLog]]:
    """Sort logs by block and index, equal ones once.

    Raises `HistoryChangedError` for one of another block, `IncompleteLogsError` for two at one place,
    `InventedLogError`, and `ChainResponseError` for what is no log.
    """
    by_number = {header.number: header for header in headers}
    found: dict[int, dict[int, RawLog]] = {}
    for each in plain:
        try:
            number, block_hash = int(each["blockNumber"], 16), unhex(each["blockHash"])
            header = by_number.get(number)
            if header is None or header.hash != block_hash:
                raise HistoryChangedError(number, block_hash, header.hash if header else b"")
            emitter, log = unhex(each["address"]), raw_log(header, each)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise ChainResponseError(chain.url, f"no log ({error})") from error
        if emitter != address:
            raise InventedLogError(number, log.log_index, f"of the contract {hex0x(emitter)}")
        if not header.may_have(address, *log.topics):
            raise InventedLogError(number, log.log_index, "that the block's bloom filter excludes")
        if found.setdefault(number, {}).setdefault(log.log_index, log) != log:
            raise IncompleteLogsError(number, 1, 2)
    return found


def raw_log(header: Linked, plain: Mapping[str, Any]) -> RawLog:
    """Read a log's JSON."""
    return RawLog(
        header,
        int(plain["logIndex"], 16),
        int(plain["transactionIndex"], 16),
        EthereumHash(unhex(plain["transactionHash"])),
        tuple(unhex(topic) for topic in plain["topics"]),
        unhex(plain["data"]),
    )


@lru_cache(maxsize=4096)
def bloom_bits(word: bytes) -> int:
    """Give the three bits that an address or topic sets in a bloom filter."""
    return int(BloomFilter.from_iterable([word]))

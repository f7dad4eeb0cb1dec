"""Reading a contract's history from a chain, in block ranges, in order."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from eth_utils.address import to_checksum_address

from bema_py.chain.connection import Chain
from bema_py.chain.errors import ChainResponseError, HistoryChangedError
from bema_py.chain.events import Event, decode_log
from bema_py.core.types import Address

RANGE = 2000


def read_events(
    chain: Chain, address: Address, from_block: int, to_block: int, *, range_size: int = RANGE
) -> Iterator[Event]:
    """Yield the contract's events of these blocks, both ends included, in the order they happened.

    A node that refuses a range (too many blocks or results) is asked for halves of it. Raises
    `HistoryChangedError` where the chain was reorganised while it was read.
    """
    start, size = from_block, range_size
    while start <= to_block:
        end = min(start + size - 1, to_block)
        try:
            logs = _logs(chain, address, start, end)
        except ChainResponseError:
            if start == end:
                raise
            size = (end - start + 1) // 2
            continue
        yield from _decoded(chain, logs)
        start = end + 1


def decode_logs(chain: Chain, logs: list[Mapping[str, Any]]) -> tuple[Event, ...]:
    """Read logs that web3 gave, in order, with the time of their blocks."""
    return tuple(_decoded(chain, logs))


def _logs(chain: Chain, address: Address, start: int, end: int) -> list[Mapping[str, Any]]:
    asked = {"address": to_checksum_address(address), "fromBlock": hex(start), "toBlock": hex(end)}
    with chain.answering():
        return list(cast(Any, chain.web3.eth.get_logs(cast(Any, asked))))


def _decoded(chain: Chain, logs: list[Mapping[str, Any]]) -> Iterator[Event]:
    """Decode in order; the time of a block is asked for once."""
    block = None
    for log in sorted(logs, key=lambda each: (each["blockNumber"], each["logIndex"])):
        if block is None or block.number != log["blockNumber"]:
            block = chain.block(int(log["blockNumber"]))
        if block.hash != bytes(log["blockHash"]):
            raise HistoryChangedError(block.number, bytes(log["blockHash"]), block.hash)
        event = decode_log(log, block.timestamp)
        if event is not None:
            yield event

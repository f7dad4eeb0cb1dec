"""Transaction receipts: their bytes, the logs in them, and the blooms over these."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_bloom.bloom import BloomFilter

from bema_py.chain.ethereum_header import BLOOM_SIZE, EthereumHeader, field_from_json
from bema_py.chain.rlp_items import (
    RlpError,
    check_bytes_of,
    check_list,
    decode_list,
    encode_item,
    read_integer,
)
from bema_py.core.types import Address

MAX_RECEIPTS_SIZE = 2**25
"""Bytes of all receipts of one block: a byte of a log costs eight gas."""
LEGACY, MAX_TYPE = 0xC0, 0x7F
"""From the first on a first byte begins a list without a type; the second is the largest type (EIP-2718)."""
MAX_TOPICS = 4


@dataclass(frozen=True)
class Log:
    """One log: whose, its topics, its data."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class Receipt:
    """What a transaction left: whether it succeeded, and its logs."""

    succeeded: bool
    logs: tuple[Log, ...]


def receipt_from_json(receipt: Mapping[str, Any]) -> bytes:
    """Give the bytes of a receipt as a node describes it, its type in front where it has one."""
    logs = [
        [
            field_from_json(log["address"], False),
            [field_from_json(topic, False) for topic in log["topics"]],
            field_from_json(log["data"], False),
        ]
        for log in receipt["logs"]
    ]
    bloom = field_from_json(receipt["logsBloom"], False)
    status, gas = (field_from_json(receipt[name], True) for name in ("status", "cumulativeGasUsed"))
    kind = int(receipt.get("type") or "0x0", 16)
    return (bytes([kind]) if kind else b"") + encode_item([status, gas, bloom, logs])


def decode_receipt(data: bytes) -> Receipt:
    """Read a receipt's bytes. Raises `RlpError`."""
    values = decode_list(untyped(data, "receipt"), "receipt", (4,))
    status = read_integer(values[0], "receipt status", 1)
    check_bytes_of(values[2], "receipt bloom", (BLOOM_SIZE,))
    return Receipt(status == 1, tuple(_log(each) for each in check_list(values[3], "receipt logs")))


def untyped(data: bytes, what: str) -> bytes:
    """Return an encoded receipt or transaction without the byte of its type. Raises `RlpError`."""
    if not data:
        raise RlpError(what, "empty")
    if data[0] >= LEGACY:
        return data
    if not 0 < data[0] <= MAX_TYPE:
        raise RlpError(what, f"type {data[0]}")
    return data[1:]


def _log(value: Any) -> Log:
    address, topics, data = check_list(value, "log", (3,))
    named = check_list(topics, "log topics", tuple(range(MAX_TOPICS + 1)))
    return Log(
        Address(check_bytes_of(address, "log address", (20,))),
        tuple(check_bytes_of(topic, "log topic", (32,)) for topic in named),
        check_bytes_of(data, "log data"),
    )


def bloom_excludes(header: EthereumHeader, contract: Address) -> bool:
    """Whether a header's bloom proves that no log of its block is the contract's."""
    return bytes(contract) not in BloomFilter(int.from_bytes(header.bloom, "big"))


def bloom_of(receipts: Sequence[Receipt]) -> bytes:
    """Give the bloom over all logs of a block."""
    bloom = BloomFilter()
    for log in (log for receipt in receipts for log in receipt.logs):
        bloom.extend([bytes(log.address), *log.topics])
    return int(bloom).to_bytes(BLOOM_SIZE, "big")


def logs_of(
    header: EthereumHeader, receipts: Iterable[Receipt], contract: Address, hashes: Mapping[int, bytes]
) -> list[dict[str, Any]]:
    """Give the contract's logs in a block as a node would; `hashes` names transactions by their index."""
    found, number = [], 0
    for index, receipt in enumerate(receipts):
        for log in receipt.logs:
            if log.address == contract:
                place = {"logIndex": number, "transactionIndex": index, "blockNumber": header.number}
                names = {"blockHash": header.hash, "transactionHash": hashes.get(index, bytes(32))}
                found.append({"topics": log.topics, "data": log.data, **place, **names})
            number += 1
    return found

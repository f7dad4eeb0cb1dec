"""Ethereum block headers: their RLP bytes, from a node's JSON and back, up to the Prague fork."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from bema_py.chain.hashes import EthereumHash
from bema_py.chain.rlp_items import RlpError, check_bytes_of, decode_list, encode_item, read_integer
from bema_py.core.types import unhex

MAX_HEADER_SIZE = 2**14
"""Bytes; a header has some 600, on chains whose signers stand in its extra data a few thousand."""
BLOOM_SIZE = 256
FIELDS = (
    ("parentHash", "hash"),
    ("sha3Uncles", "hash"),
    ("miner", "address"),
    ("stateRoot", "hash"),
    ("transactionsRoot", "hash"),
    ("receiptsRoot", "hash"),
    ("logsBloom", "bloom"),
    ("difficulty", "integer"),
    ("number", "integer"),
    ("gasLimit", "integer"),
    ("gasUsed", "integer"),
    ("timestamp", "integer"),
    ("extraData", "bytes"),
    ("mixHash", "hash"),
    ("nonce", "nonce"),
    ("baseFeePerGas", "integer"),
    ("withdrawalsRoot", "hash"),
    ("blobGasUsed", "integer"),
    ("excessBlobGas", "integer"),
    ("parentBeaconBlockRoot", "hash"),
    ("requestsHash", "hash"),
)
"""The fields in their order, by their names in JSON-RPC."""
COUNTS = (15, 16, 17, 20, 21)
"""How many of them a header has: before London, from London, Shanghai, Cancun, Prague on."""
SIZES = {"hash": (32,), "address": (20,), "bloom": (BLOOM_SIZE,), "nonce": (8,), "bytes": ()}


@dataclass(frozen=True)
class EthereumHeader:
    """What an auditor needs of a header; `hash` is that of its bytes, the time is in seconds."""

    hash: EthereumHash
    parent: EthereumHash
    number: int
    timestamp: int
    transactions_root: bytes
    receipts_root: bytes
    bloom: bytes


def header_from_json(block: Mapping[str, Any]) -> bytes:
    """Give the RLP bytes of a block's header as a node describes it; raises `RlpError` where fields are missing."""
    present = [(name, kind) for name, kind in FIELDS if block.get(name) is not None]
    if present != list(FIELDS[: len(present)]) or len(present) not in COUNTS:
        names = ", ".join(name for name, _ in present)
        raise RlpError("header", f"a node gives the fields {names}: no fork up to Prague has these")
    return encode_item([field_from_json(block[name], kind == "integer") for name, kind in present])


def field_from_json(text: Any, integer: bool) -> bytes | int:
    """Read one hexadecimal value of JSON-RPC; raises ValueError and TypeError where it is none."""
    return int(text, 16) if integer else unhex(text)


def decode_header(data: bytes) -> EthereumHeader:
    """Read a header's bytes; every field is checked for its size. Raises `RlpError`."""
    values = decode_list(data, "header", COUNTS)
    named = {name: value for (name, _), value in zip(FIELDS, values, strict=False)}
    for name, kind in FIELDS[: len(values)]:
        if kind == "integer":
            named[name] = read_integer(named[name], f"header {name}")
        else:
            check_bytes_of(named[name], f"header {name}", SIZES[kind])
    return EthereumHeader(
        hash=EthereumHash(keccak(data)),
        parent=EthereumHash(named["parentHash"]),
        number=named["number"],
        timestamp=named["timestamp"],
        transactions_root=named["transactionsRoot"],
        receipts_root=named["receiptsRoot"],
        bloom=named["logsBloom"],
    )

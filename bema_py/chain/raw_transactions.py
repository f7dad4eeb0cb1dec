"""Signed transactions as bytes: from a node's JSON, and what a contract's creation says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from bema_py.chain.ethereum_header import field_from_json
from bema_py.chain.receipts import LEGACY, untyped
from bema_py.chain.rlp_items import RlpError, check_bytes_of, decode_list, encode_item, read_integer
from bema_py.core.types import Address, unhex

MAX_TRANSACTION_SIZE = 2**24
"""Bytes of one transaction with its proof; a byte of a call costs at least ten gas."""

_FEES = ("maxPriorityFeePerGas", "maxFeePerGas")
_CALL = ("gas", "to", "value", "input")
_SIGNATURE = ("r", "s")
FIELDS = {
    0: ("nonce", "gasPrice", *_CALL, "v", *_SIGNATURE),
    1: ("chainId", "nonce", "gasPrice", *_CALL, "accessList", "yParity", *_SIGNATURE),
    2: ("chainId", "nonce", *_FEES, *_CALL, "accessList", "yParity", *_SIGNATURE),
    3: (
        *("chainId", "nonce", *_FEES, *_CALL, "accessList"),
        *("maxFeePerBlobGas", "blobVersionedHashes", "yParity", *_SIGNATURE),
    ),
    4: ("chainId", "nonce", *_FEES, *_CALL, "accessList", "authorizationList", "yParity", *_SIGNATURE),
}
"""The fields of every type of transaction up to Prague, in their order, by their names in JSON-RPC."""
AUTHORIZATION = ("chainId", "address", "nonce", "yParity", "r", "s")
BYTES = frozenset({"to", "input", "address"})
PROTECTED = 35
"""From this v on a transaction without a type is bound to a chain (EIP-155)."""


@dataclass(frozen=True)
class Creation:
    """A transaction that creates a contract at `address`; `chain_id` is None where it is bound to no chain."""

    address: Address
    chain_id: int | None
    init_code: bytes


def transaction_from_json(plain: Mapping[str, Any]) -> bytes:
    """Give the bytes of a transaction as a node describes it. Raises `RlpError` for a type after Prague."""
    kind = int(plain.get("type") or "0x0", 16)
    if kind not in FIELDS:
        raise RlpError("transaction", f"type {kind}, known are {', '.join(map(str, FIELDS))}")
    encoded = encode_item([_value(name, plain) for name in FIELDS[kind]])
    return (bytes([kind]) if kind else b"") + encoded


def decode_creation(data: bytes) -> Creation | None:
    """Read a transaction that creates a contract; None for any other. Raises `RlpError`."""
    kind = 0 if data[:1] >= bytes([LEGACY]) else int.from_bytes(data[:1], "big")
    names = FIELDS.get(kind)
    if names is None:
        raise RlpError("transaction", f"type {kind}")
    values = dict(
        zip(names, decode_list(untyped(data, "transaction"), "transaction", (len(names),)), strict=True)
    )
    if check_bytes_of(values["to"], "transaction to", (0, 20)):
        return None
    sender, nonce = _sender(data), read_integer(values["nonce"], "transaction nonce", 8)
    return Creation(
        Address(bytes(keccak(encode_item([sender, nonce]))[12:])),
        _chain_id(values),
        check_bytes_of(values["input"], "transaction input"),
    )


def _chain_id(values: Mapping[str, Any]) -> int | None:
    if "chainId" in values:
        return read_integer(values["chainId"], "transaction chainId")
    v = read_integer(values["v"], "transaction v")
    return (v - PROTECTED) // 2 if v >= PROTECTED else None


def _sender(data: bytes) -> bytes:
    try:
        return unhex(Account.recover_transaction(data))
    except (BadSignature, ValidationError, RLPException, ValueError, TypeError, RecursionError) as error:
        raise RlpError("transaction", f"nobody signed it ({error})") from error


def _value(name: str, plain: Mapping[str, Any]) -> Any:
    if name == "accessList":
        return [
            [
                field_from_json(each["address"], False),
                [field_from_json(key, False) for key in each["storageKeys"]],
            ]
            for each in plain[name]
        ]
    if name == "blobVersionedHashes":
        return [field_from_json(each, False) for each in plain[name]]
    if name == "authorizationList":
        return [[_value(field, each) for field in AUTHORIZATION] for each in plain[name]]
    if name == "to" and plain[name] is None:
        return b""
    # Older nodes know the parity only as v.
    value = plain.get(name, plain.get("v")) if name == "yParity" else plain[name]
    return field_from_json(value, name not in BYTES)

"""The JSON forms of values: of Solidity's lossless, and strict when read back; of a node's as it gives them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bema_py.chain.errors import PlainFormError
from bema_py.core.types import hex0x, unhex

Members = tuple[tuple[str, str], ...]
"""Names and Solidity types of the attributes of a record."""

SAFE_BITS = 53
"""Wider integers are decimal text, since other readers of JSON keep 53 bits."""
_LENGTHS = {"bytes32": 32, "address": 20}
_HEX = re.compile(r"0x([0-9a-f]{2})*")
_DECIMAL = re.compile(r"0|[1-9][0-9]*")


def quantity(result: str | int) -> int:
    """Read a number of a node's answer: hexadecimal text, but an integer from the embedded chain."""
    return int(result, 16) if isinstance(result, str) else result


def to_plain_value(kind: str, value: Any) -> Any:
    """Write one value of a Solidity type: bytes in hexadecimal, integers over 53 bits as decimal text."""
    if isinstance(value, bytes):
        return hex0x(value)
    return str(value) if _bits(kind) > SAFE_BITS else value


def from_plain_value(path: str, kind: str, plain: object) -> Any:
    """Read one value of a Solidity type. Raises `PlainFormError` naming the path of what does not fit."""
    if kind.startswith("uint"):
        return _integer(path, _bits(kind), plain)
    if not isinstance(plain, str) or not _HEX.fullmatch(plain):
        raise PlainFormError(path, f"{plain!r} is no lower-case hexadecimal text")
    value = unhex(plain)
    length = _LENGTHS.get(kind, len(value))
    if len(value) != length:
        raise PlainFormError(path, f"{len(value)} bytes, not {length}")
    return value


def read_fields(path: str, plain: object, names: Sequence[str]) -> Mapping[str, Any]:
    """Check that a JSON object has exactly these fields. Raises `PlainFormError`."""
    if not isinstance(plain, Mapping):
        raise PlainFormError(path, "no JSON object")
    for name in names:
        if name not in plain:
            raise PlainFormError(path, f"{name} is missing")
    for name in plain:
        if name not in names:
            raise PlainFormError(path, f"{name} is unknown")
    return plain


def record_to_plain(members: Members, record: object) -> dict[str, Any]:
    """Write these attributes, each of a Solidity type, as a JSON object."""
    return {name: to_plain_value(kind, getattr(record, name)) for name, kind in members}


def record_from_plain(path: str, members: Members, plain: object) -> dict[str, Any]:
    """Read a JSON object that has exactly these fields. Raises `PlainFormError`."""
    given = read_fields(path, plain, [name for name, _ in members])
    return {name: from_plain_value(f"{path}.{name}", kind, given[name]) for name, kind in members}


def _integer(path: str, bits: int, plain: object) -> int:
    wide = bits > SAFE_BITS
    fits = isinstance(plain, str) and _DECIMAL.fullmatch(plain) if wide else type(plain) is int
    if not fits:
        raise PlainFormError(path, f"{plain!r} is no {'decimal text' if wide else 'integer'}")
    value = int(plain)  # type: ignore[call-overload]  # `fits` says so
    if not 0 <= value < 1 << bits:
        raise PlainFormError(path, f"{value} is outside 0..2^{bits}-1")
    return int(value)


def _bits(kind: str) -> int:
    return int(kind.removeprefix("uint")) if kind.startswith("uint") else 0

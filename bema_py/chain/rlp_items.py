"""RLP items one behind another in a file, each bounded before it is read."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import rlp
from rlp.exceptions import RLPException

from bema_py.core.errors import MalformedError

SHORT, LONG_STRING, LIST, LONG_LIST = 0x80, 0xB8, 0xC0, 0xF8
"""First bytes from which on an item is a string, has a long length, is a list, is a list with a long length."""

MAX_ITEMS, MAX_DEPTH = 2**21, 8
"""Byte strings and lists in one item: a block's logs have a million at most. Lists in lists: receipts have five."""


class RlpError(MalformedError):
    """Bytes that are not the RLP items they should be."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.what, self.reason = what, reason


def read_items(file: BinaryIO, what: str, max_size: int) -> Iterator[bytes]:
    """Yield the items of a file of lists, each with its prefix and of at most max_size bytes. Raises `RlpError`."""
    position = 0
    while first := file.read(1):
        prefix, size = _length(file, f"{what} at byte {position}", first)
        if size > max_size:
            raise RlpError(f"{what} at byte {position}", f"{size} bytes, limit {max_size}")
        payload = file.read(size)
        if len(payload) != size:
            raise RlpError(f"{what} at byte {position}", f"{size} bytes announced, {len(payload)} are left")
        position += len(prefix) + size
        yield prefix + payload


def _length(file: BinaryIO, what: str, first: bytes) -> tuple[bytes, int]:
    """Give the whole prefix and the bytes that follow it."""
    kind = first[0]
    if kind < LIST:
        raise RlpError(what, "no list")
    if kind < LONG_LIST:
        return first, kind - LIST
    digits = file.read(kind - LONG_LIST + 1)
    if len(digits) != kind - LONG_LIST + 1:
        raise RlpError(what, "its length is cut off")
    return first + digits, int.from_bytes(digits, "big")


def decode_item(data: bytes, what: str) -> Any:
    """Decode one item strictly into bytes and lists of them, of bounded number and depth. Raises `RlpError`."""
    _check_shape(data, what)
    try:
        return _plain(rlp.decode(data))
    except RLPException as error:
        raise RlpError(what, str(error)) from error


def _check_shape(data: bytes, what: str) -> None:
    """Count items and depth before anything is made of them: a byte can stand for a whole list."""
    position, items = 0, 0
    ends = [len(data)]
    while position < len(data):
        items += 1
        if items > MAX_ITEMS or len(ends) > MAX_DEPTH:
            raise RlpError(what, f"more than {MAX_ITEMS} items or nested deeper than {MAX_DEPTH}")
        kind = data[position]
        long_from = LONG_STRING if kind < LIST else LONG_LIST
        digits = max(kind - long_from + 1, 0) if kind >= SHORT else 0
        start = position + 1 + digits
        size = kind - (LIST if kind >= LIST else SHORT)
        if digits:
            size = int.from_bytes(data[position + 1 : start], "big")
        if kind >= LIST:
            ends.append(min(start + size, len(data)))
            position = start
        else:
            position = start + size if kind >= SHORT else start
        while len(ends) > 1 and position >= ends[-1]:
            ends.pop()


def decode_list(data: bytes, what: str, sizes: tuple[int, ...] = ()) -> list[Any]:
    """Decode a list, of one of these numbers of fields if any are given. Raises `RlpError`."""
    return check_list(decode_item(data, what), what, sizes)


def check_list(value: Any, what: str, sizes: tuple[int, ...] = ()) -> list[Any]:
    """Return a decoded list, of one of these numbers of fields if any are given. Raises `RlpError`."""
    if not isinstance(value, list):
        raise RlpError(what, "no list")
    if sizes and len(value) not in sizes:
        raise RlpError(what, f"{len(value)} fields, {' or '.join(map(str, sizes))} are known")
    return value


def check_bytes_of(value: Any, what: str, sizes: tuple[int, ...] = ()) -> bytes:
    """Return a decoded byte string, of one of these sizes if any are given. Raises `RlpError`."""
    if not isinstance(value, bytes):
        raise RlpError(what, "no byte string")
    if sizes and len(value) not in sizes:
        raise RlpError(what, f"{len(value)} bytes, {' or '.join(map(str, sizes))} are needed")
    return value


def read_integer(value: Any, what: str, size: int = 32) -> int:
    """Read an integer of at most `size` bytes, without leading zeros. Raises `RlpError`."""
    digits = check_bytes_of(value, what)
    if len(digits) > size or digits[:1] == b"\0":
        raise RlpError(what, f"0x{digits[:40].hex()} is no integer of at most {size} bytes")
    return int.from_bytes(digits, "big")


def encode_item(value: Any) -> bytes:
    """Encode byte strings, integers, and lists of them."""
    return bytes(rlp.encode(value))


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else bytes(value)

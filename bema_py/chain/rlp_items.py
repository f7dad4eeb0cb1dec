"""RLP items one behind another in a file, each bounded before it is read."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import rlp
from rlp.exceptions import RLPException

from bema_py.core.errors import MalformedError

SHORT, LONG_STRING, LIST, LONG_LIST = 0x80, 0xB8, 0xC0, 0xF8
"""First bytes from which on an item is a string, has a long length, is a list, is a list with a long length."""


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
    """Decode one item strictly into bytes and lists of them. Raises `RlpError`."""
    try:
        return _plain(rlp.decode(data))
    # Nested as deep as its bytes allow, an item would exhaust the stack.
    except (RLPException, RecursionError) as error:
        raise RlpError(what, str(error) or type(error).__name__) from error


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

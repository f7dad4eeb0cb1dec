"""Canonical DAG-CBOR: one value, one byte string, one digest."""

from typing import cast

import dag_cbor
from dag_cbor.decoding import CBORDecodingError
from dag_cbor.ipld import IPLDKind

from bema_py.core.cid import CID_SIZE, cid_from_bytes
from bema_py.core.errors import MalformedError
from bema_py.core.hashing import sha256
from bema_py.core.types import Digest

MAX_DEPTH = 16
"""Lists, maps and links inside each other; our deepest object has five."""

MAX_ITEMS = 2**21
"""Values in one object: the largest block body has 1.8 million. Each costs a decoder far more than its byte."""

_BYTES, _LIST, _MAP, _TAG, _SIMPLE = 2, 4, 5, 6, 7
_CID_TAG = 42
_FALSE, _TRUE, _NULL = 20, 21, 22


class ObjectTooLargeError(MalformedError):
    """An encoded object is above its size limit."""

    def __init__(self, size: int, limit: int) -> None:
        """Keep the size and the limit, in bytes."""
        self.size = size
        self.limit = limit
        super().__init__(f"object has {size} bytes, limit {limit}")


class ObjectTooDeepError(MalformedError):
    """An encoded object nests deeper than any of ours."""

    def __init__(self, position: int, limit: int) -> None:
        """Keep the position of the first item that is too deep, and the limit."""
        self.position = position
        self.limit = limit
        super().__init__(f"object nests deeper than {limit} at byte {position}")


class TooManyItemsError(MalformedError):
    """An encoded object has more values than any of ours."""

    def __init__(self, limit: int) -> None:
        """Keep the limit."""
        self.limit = limit
        super().__init__(f"object has more than {limit} values")


class CborError(MalformedError):
    """Bytes that are not DAG-CBOR without floats."""

    def __init__(self, position: int, reason: str) -> None:
        """Keep where the first fault lies and what it is."""
        self.position = position
        self.reason = reason
        super().__init__(f"not DAG-CBOR at byte {position}: {reason}")


class NotCanonicalError(MalformedError):
    """DAG-CBOR that does not encode to itself, so a second byte string would mean the same value."""

    def __init__(self, position: int) -> None:
        """Keep the first byte that differs from the canonical form."""
        self.position = position
        super().__init__(f"object is not canonical DAG-CBOR: byte {position} differs")


def encode(value: object) -> bytes:
    """Encode a value canonically: map keys sorted by length then bytes, shortest integers, no floats.

    Takes None, bool, int, str, bytes, CID, list and dict; raises CborError for a float.
    """
    data = dag_cbor.encode(cast(IPLDKind, value))
    _scan(data)
    return data


def decode(data: bytes, *, max_size: int) -> object:
    """Decode exactly one canonical value; every other byte string is a MalformedError.

    A CID in the value carries base58btc as its text base: compare it by bytes (`cid_from_bytes(bytes(cid))`).
    """
    if len(data) > max_size:
        raise ObjectTooLargeError(len(data), max_size)
    _scan(data)
    try:
        value = dag_cbor.decode(data)
    except CBORDecodingError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise CborError(0, lines[0][:200]) from error
    # The library sees to canonical form itself; this keeps the promise if a later version does not.
    again = dag_cbor.encode(value)
    if again != data:
        different = (i for i, (a, b) in enumerate(zip(again, data, strict=False)) if a != b)
        raise NotCanonicalError(next(different, min(len(again), len(data))))
    return value


def digest(data: bytes) -> Digest:
    """Give the SHA-256 of an object's bytes, the name under which chain and store know it."""
    return sha256(data)


def _scan(data: bytes) -> None:
    """Walk the item heads without recursion, before the library's recursive decoder sees the bytes.

    Refuses too much depth, too many items, floats, unknown tags and simple values, foreign CIDs, truncation
    and trailing bytes.
    """
    open_items = [1]
    position = items = 0
    while open_items:
        if open_items[-1] == 0:
            open_items.pop()
            continue
        open_items[-1] -= 1
        items += 1
        if items > MAX_ITEMS:
            raise TooManyItemsError(MAX_ITEMS)
        start = position
        major, argument, position = _head(data, position)
        if major in (_BYTES, _BYTES + 1):
            position += argument
            if position > len(data):
                raise CborError(start, f"string of {argument} bytes is cut off")
        elif major == _TAG:
            position = _scan_cid(data, start, argument, position)
        elif major == _SIMPLE and argument not in (_FALSE, _TRUE, _NULL):
            raise CborError(start, "floats and other simple values are not allowed")
        elif major in (_LIST, _MAP):
            if len(open_items) > MAX_DEPTH:
                raise ObjectTooDeepError(start, MAX_DEPTH)
            open_items.append(argument * (2 if major == _MAP else 1))
    if position != len(data):
        raise CborError(position, f"{len(data) - position} bytes after the object")


def _head(data: bytes, position: int) -> tuple[int, int, int]:
    """Read one item head: its major type, its argument and the position after it."""
    if position >= len(data):
        raise CborError(position, "object is cut off")
    major, low = data[position] >> 5, data[position] & 31
    if low < 24:
        return major, low, position + 1
    if low > 27:
        raise CborError(position, "indefinite lengths are not allowed")
    # Major type 7 with an argument is a float or an unassigned simple value.
    if major == _SIMPLE:
        raise CborError(position, "floats and other simple values are not allowed")
    end = position + 1 + (1 << (low - 24))
    if end > len(data):
        raise CborError(position, "object is cut off")
    return major, int.from_bytes(data[position + 1 : end], "big"), end


def _scan_cid(data: bytes, start: int, tag: int, position: int) -> int:
    """Check that a tag is 42 with a CID in use here, and give the position after it."""
    if tag != _CID_TAG:
        raise CborError(start, f"tag {tag} is not allowed")
    major, length, position = _head(data, position)
    end = position + length
    # 0x00 is the identity multibase that DAG-CBOR puts before a binary CID.
    if major != _BYTES or length != CID_SIZE + 1 or end > len(data) or data[position] != 0:
        raise CborError(start, "a link must hold a 36-byte CID")
    cid_from_bytes(data[position + 1 : end])
    return end

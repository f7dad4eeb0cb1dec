"""The protocol's bytes written down a second time, with hashlib and nothing of bema_py."""

import base64
import struct
from hashlib import sha256

CHUNK = 2**20
MAX_LINKS = 1024


def double(data: bytes) -> bytes:
    return sha256(sha256(data).digest()).digest()


def tree(leaves: list[bytes]) -> tuple[bytes, bytes]:
    """Give apex and root, by halving recursively a row that padding nodes complete."""

    def apex(row: list[bytes]) -> bytes:
        if len(row) == 1:
            return row[0]
        if len(row) % 2:
            row = [*row, bytes(32)]
        return apex([double(b"\x01" + row[i] + row[i + 1]) for i in range(0, len(row), 2)])

    top = apex(leaves)
    return top, double(b"\x02" + struct.pack(">I", len(leaves)) + top)


def proof(leaves: list[bytes], index: int) -> list[bytes]:
    """Give the siblings of a leaf, lowest first."""
    siblings = []
    row = leaves
    while len(row) > 1:
        if len(row) % 2:
            row = [*row, bytes(32)]
        siblings.append(row[index - 1] if index % 2 else row[index + 1])
        row = [double(b"\x01" + row[i] + row[i + 1]) for i in range(0, len(row), 2)]
        index //= 2
    return siblings


class Link(bytes):
    """Binary CID that cbor() writes with tag 42."""


def cbor(value: object) -> bytes:
    """Encode canonically: shortest heads, map keys by length then bytes."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, Link):
        return b"\xd8\x2a" + cbor(b"\x00" + bytes(value))
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    assert isinstance(value, dict)
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return head(5, len(value)) + b"".join(cbor(key) + cbor(value[key]) for key in keys)


def head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    for low, letter, limit in ((24, "B", 2**8), (25, "H", 2**16), (26, "I", 2**32), (27, "Q", 2**64)):
        if argument < limit:
            return bytes([major << 5 | low]) + struct.pack(">" + letter, argument)
    raise ValueError(argument)


def cid(codec: int, data: bytes) -> bytes:
    return bytes([1, codec, 0x12, 0x20]) + sha256(data).digest()


def text(binary: bytes) -> str:
    return "b" + base64.b32encode(binary).decode().lower().rstrip("=")


def file_cid(data: bytes) -> bytes:
    """Give the binary CID of a file, by building its balanced tree from the leaves up."""
    row = []
    for start in range(0, max(len(data), 1), CHUNK):
        chunk = data[start : start + CHUNK]
        row.append((cid(0x55, chunk), len(chunk), len(chunk)))
    while len(row) > 1:
        row = [node(row[start : start + MAX_LINKS]) for start in range(0, len(row), MAX_LINKS)]
    return row[0][0]


def node(children: list[tuple[bytes, int, int]]) -> tuple[bytes, int, int]:
    """Give (CID, bytes of the file below, bytes of all blocks below) of an inner dag-pb node."""
    block = b""
    for child, _, total in children:
        link = field(1, child) + field(2, b"") + field(3, total)
        block += field(2, link)
    size = sum(child[1] for child in children)
    data = field(1, 2) + field(3, size) + b"".join(field(4, child[1]) for child in children)
    block += field(1, data)
    return cid(0x70, block), size, len(block) + sum(child[2] for child in children)


def field(number: int, value: bytes | int) -> bytes:
    """Encode a protobuf field, as a varint or as bytes."""
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(value: int) -> bytes:
    if value < 128:
        return bytes([value])
    return bytes([value % 128 + 128]) + varint(value // 128)

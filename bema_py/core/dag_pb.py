"""The dag-pb encoding of a UnixFS file's inner nodes, written and read strictly."""

from collections.abc import Iterator
from dataclasses import dataclass

from multiformats import CID

from bema_py.core.cid import CID_SIZE, cid_from_bytes
from bema_py.core.errors import MalformedError

_FILE = 2
# Protobuf keys: field number << 3 | wire type (0 varint, 2 length-delimited).
_NODE_DATA, _NODE_LINK = 0x0A, 0x12
_LINK_HASH, _LINK_NAME, _LINK_SIZE = 0x0A, 0x12, 0x18
_DATA_TYPE, _DATA_FILE_SIZE, _DATA_BLOCK_SIZE = 0x08, 0x18, 0x20


class NodeError(MalformedError):
    """Bytes that are not the dag-pb node of a UnixFS file."""

    def __init__(self, position: int, reason: str) -> None:
        """Keep where the first fault lies and what it is."""
        self.position = position
        self.reason = reason
        super().__init__(f"not an inner node of a file at byte {position}: {reason}")


@dataclass(frozen=True, slots=True)
class FileLink:
    """A child of a node.

    file_size: bytes of the file below it. total_size: those and the bytes of all nodes below it.
    """

    cid: CID
    file_size: int
    total_size: int


def encode_node(links: list[FileLink]) -> bytes:
    """Encode an inner node: the links first, then the UnixFS data (type file, size, child sizes)."""
    data = _varint_field(_DATA_TYPE, _FILE)
    data += _varint_field(_DATA_FILE_SIZE, sum(link.file_size for link in links))
    data += b"".join(_varint_field(_DATA_BLOCK_SIZE, link.file_size) for link in links)
    children = b"".join(_bytes_field(_NODE_LINK, _encode_link(link)) for link in links)
    return children + _bytes_field(_NODE_DATA, data)


def decode_node(block: bytes) -> list[FileLink]:
    """Decode an inner node; every byte string that encode_node does not give is a NodeError."""
    reader = _Reader(block)
    hashes = list(_read_links(reader))
    reader.expect(_NODE_DATA)
    end = reader.varint() + reader.position
    reader.expect(_DATA_TYPE)
    reader.expect(_FILE)
    reader.expect(_DATA_FILE_SIZE)
    reader.varint()
    links = []
    for cid, total_size in hashes:
        reader.expect(_DATA_BLOCK_SIZE)
        links.append(FileLink(cid, reader.varint(), total_size))
    if not links or reader.position != end or end != len(block):
        raise NodeError(reader.position, "its links, child sizes and length do not agree")
    # Sums and varints of more bytes than needed show here.
    if encode_node(links) != block:
        raise NodeError(0, "it does not encode to itself")
    return links


def _encode_link(link: FileLink) -> bytes:
    # go-merkledag writes the empty name too.
    name_and_size = _bytes_field(_LINK_NAME, b"") + _varint_field(_LINK_SIZE, link.total_size)
    return _bytes_field(_LINK_HASH, bytes(link.cid)) + name_and_size


def _read_links(reader: "_Reader") -> Iterator[tuple[CID, int]]:
    while reader.next_is(_NODE_LINK):
        reader.expect(_NODE_LINK)
        end = reader.varint() + reader.position
        reader.expect(_LINK_HASH)
        reader.expect(CID_SIZE)
        cid = cid_from_bytes(reader.take(CID_SIZE))
        reader.expect(_LINK_NAME)
        reader.expect(0)
        reader.expect(_LINK_SIZE)
        size = reader.varint()
        if reader.position != end:
            raise NodeError(reader.position, "a link's length is wrong")
        yield cid, size


def _varint_field(key: int, value: int) -> bytes:
    return bytes([key]) + _varint(value)


def _bytes_field(key: int, value: bytes) -> bytes:
    return bytes([key]) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


class _Reader:
    """A position in a block."""

    def __init__(self, block: bytes) -> None:
        self.block = block
        self.position = 0

    def next_is(self, byte: int) -> bool:
        return self.position < len(self.block) and self.block[self.position] == byte

    def expect(self, byte: int) -> None:
        if not self.next_is(byte):
            raise NodeError(self.position, f"expected byte 0x{byte:02x}")
        self.position += 1

    def take(self, length: int) -> bytes:
        end = self.position + length
        if end > len(self.block):
            raise NodeError(self.position, "it is cut off")
        data = self.block[self.position : end]
        self.position = end
        return data

    def varint(self) -> int:
        """Read an unsigned varint of at most nine bytes, so below 2^63."""
        value = 0
        for shift in range(0, 63, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise NodeError(self.position, "a number is too long")

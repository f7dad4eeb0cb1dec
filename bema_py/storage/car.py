"""Content archives (CAR, version 1): blocks one behind another in one file, each with its identifier."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from multiformats import CID

from bema_py.core.cid import CID_SIZE, cid_from_bytes
from bema_py.core.encoding import encode
from bema_py.core.errors import MalformedError
from bema_py.core.fields import read_cid, read_list, read_object
from bema_py.storage.content_store import MAX_OBJECT_SIZE

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

MAX_ROOTS = 64
MAX_HEADER_SIZE = 64 + 41 * MAX_ROOTS
MAX_VARINT = 9
"""Bytes; more would not fit 63 bits."""


class CarError(MalformedError):
    """Bytes that are not a content archive."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"content archive at byte {position}: {reason}")
        self.position, self.reason = position, reason


@dataclass(frozen=True)
class Section:
    """One block of an archive, and the byte at which its data begins."""

    cid: CID
    data: bytes
    position: int


def write_header(file: "SupportsWrite[bytes]", roots: list[CID]) -> None:
    """Begin an archive with these roots."""
    header = encode({"roots": roots, "version": 1})
    file.write(varint(len(header)) + header)


def write_section(file: "SupportsWrite[bytes]", cid: CID, data: bytes) -> None:
    """Add one block."""
    file.write(varint(CID_SIZE + len(data)) + bytes(cid) + data)


def read_header(file: BinaryIO) -> tuple[CID, ...]:
    """Read the roots with which an archive begins; raises CarError and the errors of malformed objects."""
    size = _read_varint(file)
    if size is None or not 0 < size <= MAX_HEADER_SIZE:
        raise CarError(0, f"a header of {size or 0} bytes, 1 to {MAX_HEADER_SIZE} are read")
    data = _take(file, size)
    fields = read_object("archive header", data, frozenset({"roots"}), max_size=MAX_HEADER_SIZE)
    return tuple(read_cid("archive root", each) for each in read_list("archive roots", fields["roots"]))


def read_sections(file: BinaryIO) -> Iterator[Section]:
    """Yield the blocks after the header, unverified and each of at most MAX_OBJECT_SIZE bytes; raises CarError."""
    while True:
        start = file.tell()
        size = _read_varint(file)
        if size is None:
            return
        if not CID_SIZE <= size <= CID_SIZE + MAX_OBJECT_SIZE:
            raise CarError(
                start, f"a section of {size} bytes, {CID_SIZE} to {CID_SIZE + MAX_OBJECT_SIZE} are read"
            )
        cid = cid_from_bytes(_take(file, CID_SIZE))
        position = file.tell()
        yield Section(cid, _take(file, size - CID_SIZE), position)


def varint(value: int) -> bytes:
    """Give the unsigned varint of a number."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def _read_varint(file: BinaryIO) -> int | None:
    """Read a varint in its shortest form; None at the end of the file."""
    start, value = file.tell(), 0
    for count in range(MAX_VARINT):
        byte = file.read(1)
        if not byte:
            if count:
                raise CarError(start, "a length is cut off")
            return None
        value |= (byte[0] & 0x7F) << 7 * count
        if byte[0] < 0x80:
            if count and not byte[0]:
                raise CarError(start, "a length has more bytes than it needs")
            return value
    raise CarError(start, "a length is too long")


def _take(file: BinaryIO, size: int) -> bytes:
    start = file.tell()
    data = file.read(size)
    if len(data) != size:
        raise CarError(start, f"{size} bytes announced, {len(data)} are left")
    return data

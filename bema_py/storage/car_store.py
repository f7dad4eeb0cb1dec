"""A content store over a content archive: blocks are read where they lie, and nothing is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from multiformats import CID

from bema_py.core.cid import cid_from_bytes, cid_text
from bema_py.core.errors import BemaError
from bema_py.storage.block_store import BlockStore
from bema_py.storage.content_store import ContentMissingError, ContentTooLargeError

Index = Mapping[bytes, tuple[int, int]]
"""Where each block's data lies: its identifier's bytes to position and size."""


class ReadOnlyStoreError(BemaError):
    """Something was to be written into an archive that is only read."""

    exit_code: ClassVar[int] = 2

    def __init__(self, path: Path, cid: CID) -> None:
        super().__init__(f"{cid_text(cid)} cannot be written into the content archive {path}")
        self.path, self.cid = path, cid


@dataclass(frozen=True)
class CarStore(BlockStore):
    """The blocks of an archive by its index; every read is verified, so the index need not be believed."""

    path: Path
    index: Index = field(repr=False)

    def has_block(self, cid: CID) -> bool:
        """Say whether the archive has a block of this identifier."""
        return bytes(cid) in self.index

    def blocks(self) -> Iterator[CID]:
        """Give the identifiers of all blocks held, in ascending order of their text."""
        return iter(sorted(map(cid_from_bytes, self.index), key=cid_text))

    def _write(self, cid: CID, data: bytes) -> None:
        raise ReadOnlyStoreError(self.path, cid)

    def _read(self, cid: CID, max_size: int) -> bytes:
        place = self.index.get(bytes(cid))
        if place is None:
            raise ContentMissingError(cid)
        position, size = place
        if size > max_size:
            raise ContentTooLargeError(cid, size, max_size)
        with self.path.open("rb") as file:
            file.seek(position)
            return file.read(size)

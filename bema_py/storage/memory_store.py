"""A content store that lives as long as its process."""

from collections.abc import Iterator

from multiformats import CID

from bema_py.core.cid import cid_text, parse_cid
from bema_py.storage.block_store import BlockStore
from bema_py.storage.content_store import ContentMissingError, ContentTooLargeError


class MemoryStore(BlockStore):
    """Blocks in memory, by the text of their identifiers."""

    def __init__(self) -> None:
        """Start empty."""
        self._blocks: dict[str, bytes] = {}

    def _write(self, cid: CID, data: bytes) -> None:
        self._blocks[cid_text(cid)] = data

    def _read(self, cid: CID, max_size: int) -> bytes:
        data = self._blocks.get(cid_text(cid))
        if data is None:
            raise ContentMissingError(cid)
        if len(data) > max_size:
            raise ContentTooLargeError(cid, len(data), max_size)
        return data

    def has_block(self, cid: CID) -> bool:
        """Say whether a block stands under this identifier."""
        return cid_text(cid) in self._blocks

    def blocks(self) -> Iterator[CID]:
        """Give the identifiers of all blocks held, in ascending order of their text."""
        return (parse_cid(text) for text in sorted(self._blocks))

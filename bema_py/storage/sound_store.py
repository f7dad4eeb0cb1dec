"""A store that gives sound blocks or none: what its own disk did to them is nobody else's fault."""

from collections.abc import Iterator

from multiformats import CID

from bema_py.core.cid import cid_text
from bema_py.storage.block_store import BlockStore
from bema_py.storage.content_store import (
    MAX_OBJECT_SIZE,
    ContentMismatchError,
    ContentStore,
    ContentTooLargeError,
)
from bema_py.storage.directory_store import NotABlockError, StoreFaultError


class DamagedStoreError(OSError):
    """This machine's copy of a block cannot be read as it was written.

    No error about content: whoever judges others by what a store gives must not take it for their fault.
    """

    def __init__(self, cid: CID, reason: str) -> None:
        """Keep the identifier and what is wrong with the copy."""
        self.cid, self.reason = cid, reason
        super().__init__(
            f"this machine's copy of {cid_text(cid)} is damaged ({reason}); nothing is judged by it: remove the file, "
            "fetch the content again from another node, and look after the disk"
        )


class SoundStore(BlockStore):
    """Another store, whose damaged blocks raise DamagedStoreError instead of looking like false content."""

    def __init__(self, inner: ContentStore) -> None:
        """Stand before a store."""
        self.inner = inner

    def has_block(self, cid: CID) -> bool:
        """Say whether a block stands under this identifier, without reading it."""
        return self.inner.has_block(cid)

    def blocks(self) -> Iterator[CID]:
        """Give the identifiers of all blocks held, in ascending order of their text."""
        return self.inner.blocks()

    def _write(self, cid: CID, data: bytes) -> None:
        self.inner.put_block(cid, data)

    def _read(self, cid: CID, max_size: int) -> bytes:
        try:
            data = self.inner.get_block(cid, max_size=MAX_OBJECT_SIZE)
        except (ContentMismatchError, StoreFaultError, NotABlockError) as error:
            raise DamagedStoreError(cid, str(error)) from error
        if len(data) > max_size:
            raise ContentTooLargeError(cid, len(data), max_size)
        return data

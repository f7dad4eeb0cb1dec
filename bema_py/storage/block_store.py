"""Objects and files on top of single blocks: what every local store shares."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from multiformats import CID

from bema_py.core.cid import object_cid, verify
from bema_py.core.hashing import sha256
from bema_py.core.types import Digest
from bema_py.core.unixfs import CHUNK, FileTooLargeError, import_file, read_file
from bema_py.storage.content_store import (
    MAX_FILE_SIZE,
    MAX_OBJECT_SIZE,
    ContentMismatchError,
    ContentTooLargeError,
)


class BlockStore(ABC):
    """A content store over two primitives: write a block, read a block that is not larger than a limit."""

    @abstractmethod
    def _write(self, cid: CID, data: bytes) -> None:
        """Keep verified data durably."""

    @abstractmethod
    def _read(self, cid: CID, max_size: int) -> bytes:
        """Give the bytes found, unverified; raises ContentMissingError and ContentTooLargeError."""

    @abstractmethod
    def has_block(self, cid: CID) -> bool:
        """Say whether a block stands under this identifier, without reading it."""

    @abstractmethod
    def blocks(self) -> Iterator[CID]:
        """Give the identifiers of all blocks held, in ascending order of their text."""

    def put_block(self, cid: CID, data: bytes) -> None:
        """Keep one block; raises ContentMismatchError where the identifier does not name the data."""
        if not verify(cid, data):
            raise ContentMismatchError(cid, data)
        self._write(cid, data)

    def get_block(self, cid: CID, *, max_size: int = MAX_OBJECT_SIZE) -> bytes:
        """Give one verified block of at most max_size bytes."""
        data = self._read(cid, max_size)
        if not verify(cid, data):
            raise ContentMismatchError(cid, data)
        return data

    def put_object(self, data: bytes) -> Digest:
        """Keep an encoded DAG-CBOR object and give its digest."""
        digest = sha256(data)
        self._write(object_cid(digest), data)
        return digest

    def get_object(self, digest: Digest, *, max_size: int = MAX_OBJECT_SIZE) -> bytes:
        """Give the verified bytes of the object of this digest, at most max_size of them."""
        return self.get_block(object_cid(digest), max_size=max_size)

    def has_object(self, digest: Digest) -> bool:
        """Say whether an object stands under this digest, without reading it."""
        return self.has_block(object_cid(digest))

    def put_file(self, data: bytes) -> CID:
        """Keep a file as UnixFS blocks, children first, and give its identifier."""
        root, blocks = import_file(data)
        for cid, block in blocks:
            self._write(cid, block)
        return root

    def get_file(self, cid: CID, *, max_size: int = MAX_FILE_SIZE) -> bytes:
        """Give the verified file of this identifier, at most max_size bytes; its shape is checked too."""
        try:
            # Leaves are at most a chunk, and inner nodes of at most 1024 links are far smaller.
            return read_file(cid, lambda block: self.get_block(block, max_size=CHUNK), max_size)
        except FileTooLargeError as error:
            raise ContentTooLargeError(cid, error.size, error.limit) from error

"""What a content store does, and the errors that every store raises."""

from collections.abc import Iterator
from typing import ClassVar, Protocol

from multiformats import CID

from bema_py.core.cid import cid_text
from bema_py.core.errors import BemaError, MalformedError
from bema_py.core.types import Digest

MAX_OBJECT_SIZE = 2**26
"""Bytes of the largest object that a store reads unless the caller allows fewer."""

MAX_FILE_SIZE = 2**28
"""Bytes of the largest file that a store reads unless the caller allows fewer."""


class ContentMissingError(BemaError):
    """The store does not hold the content, which says nothing about its truth."""

    exit_code: ClassVar[int] = 5

    def __init__(self, cid: CID) -> None:
        """Keep the identifier."""
        self.cid = cid
        super().__init__(f"content {cid_text(cid)} is missing")


class ContentMismatchError(MalformedError):
    """The bytes found are not what the identifier names."""

    def __init__(self, cid: CID, data: bytes) -> None:
        """Keep the identifier and the bytes found, so that a diagnosis can compare them."""
        self.cid = cid
        self.data = data
        super().__init__(f"content of {len(data)} bytes does not match its identifier {cid_text(cid)}")


class ContentTooLargeError(MalformedError):
    """The content is larger than its reader allows."""

    def __init__(self, cid: CID, size: int, limit: int) -> None:
        """Keep the identifier, the size found and the limit, in bytes."""
        self.cid = cid
        self.size = size
        self.limit = limit
        super().__init__(f"content {cid_text(cid)} has {size} bytes, limit {limit}")


class ContentStore(Protocol):
    """A place for public content under its identifiers; every read is size-capped and verified.

    Reads raise ContentMissingError, ContentMismatchError and ContentTooLargeError; get_file also the file
    shape errors of bema_py.core.unixfs.
    """

    def put_object(self, data: bytes) -> Digest:
        """Keep an encoded DAG-CBOR object and give its digest."""

    def get_object(self, digest: Digest, *, max_size: int = MAX_OBJECT_SIZE) -> bytes:
        """Give the object of this digest."""

    def has_object(self, digest: Digest) -> bool:
        """Say whether an object stands under this digest, without reading it."""

    def put_file(self, data: bytes) -> CID:
        """Keep a file as UnixFS blocks and give its identifier."""

    def get_file(self, cid: CID, *, max_size: int = MAX_FILE_SIZE) -> bytes:
        """Give the file of this identifier."""

    def put_block(self, cid: CID, data: bytes) -> None:
        """Keep one block; raises ContentMismatchError where the identifier does not name the data."""

    def get_block(self, cid: CID, *, max_size: int = MAX_OBJECT_SIZE) -> bytes:
        """Give one block."""

    def has_block(self, cid: CID) -> bool:
        """Say whether a block stands under this identifier, without reading it."""

    def blocks(self) -> Iterator[CID]:
        """Give the identifiers of all blocks held, in ascending order of their text."""

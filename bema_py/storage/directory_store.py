"""A content store in a directory: one file a block, named by its identifier."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from multiformats import CID

from bema_py.core.cid import CidTextError, cid_text, parse_cid
from bema_py.core.errors import BemaError, MalformedError
from bema_py.storage.atomic_file import remove_leftovers, write_atomically
from bema_py.storage.block_store import BlockStore
from bema_py.storage.content_store import ContentMissingError, ContentTooLargeError

_SCRATCH = "unfinished"


class StoreFaultError(BemaError):
    """The file system refuses what the store needs: no permission, no space, no directory."""

    exit_code: ClassVar[int] = 2

    def __init__(self, action: str, path: Path, reason: str) -> None:
        """Keep what was tried, where, and the system's reason."""
        self.action = action
        self.path = path
        self.reason = reason
        super().__init__(f"cannot {action} {path}: {reason}")


class NotABlockError(MalformedError):
    """Something else than a regular file stands where a block belongs."""

    def __init__(self, cid: CID, path: Path) -> None:
        """Keep the identifier and the path."""
        self.cid = cid
        self.path = path
        super().__init__(f"{path} is not a regular file, so it is not the block {cid_text(cid)}")


class DirectoryStore(BlockStore):
    """Blocks as files under path/ab/cd/CID, written atomically and verified on every read.

    Several processes may use one directory at once. A directory that does not exist is an empty store until
    the first write creates it. Besides the errors of every store raises StoreFaultError and NotABlockError.
    """

    def __init__(self, path: Path) -> None:
        """Open the store and remove what interrupted writers left behind."""
        try:
            if path.exists() and not path.is_dir():
                raise StoreFaultError("open the store", path, "it is not a directory")
        except OSError as error:
            raise StoreFaultError("open the store", path, error.strerror or str(error)) from error
        self.path = path
        remove_leftovers(path / _SCRATCH)

    def path_of(self, cid: CID) -> Path:
        """Give the path at which a block stands or would stand."""
        text = cid_text(cid)
        # The text begins alike for all blocks, and its last character holds three bits only.
        return self.path / text[-3:-1] / text[-5:-3] / text

    def has_block(self, cid: CID) -> bool:
        """Say whether a regular file stands under this identifier, without reading it."""
        try:
            return stat.S_ISREG(self.path_of(cid).lstat().st_mode)
        except OSError:
            return False

    def blocks(self) -> Iterator[CID]:
        """Give the identifiers of all blocks held, in ascending order of their text."""
        for name in sorted(path.name for path in self.path.glob("??/??/b*")):
            try:
                cid = parse_cid(name)
            except CidTextError:
                continue  # a stranger's file, such as an editor's copy, is not content
            if self.has_block(cid):
                yield cid

    def _write(self, cid: CID, data: bytes) -> None:
        path = self.path_of(cid)
        try:
            # A damaged block is written again, so storing a content anew heals it.
            if self._read(cid, len(data)) == data:
                return
        except (ContentMissingError, ContentTooLargeError):
            pass
        try:
            write_atomically(path, data, self.path / _SCRATCH)
        except OSError as error:
            raise StoreFaultError("write", path, error.strerror or str(error)) from error

    def _read(self, cid: CID, max_size: int) -> bytes:
        path = self.path_of(cid)
        try:
            # Not through a link out of the store, and not waiting for a pipe's other end.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise NotABlockError(cid, path)
                if status.st_size > max_size:
                    raise ContentTooLargeError(cid, status.st_size, max_size)
                return _read_all(descriptor, status.st_size)
            finally:
                os.close(descriptor)
        except FileNotFoundError as error:
            raise ContentMissingError(cid) from error
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise NotABlockError(cid, path) from error
            raise StoreFaultError("read", path, error.strerror or str(error)) from error


def _read_all(descriptor: int, size: int) -> bytes:
    """Read up to size bytes: fewer where the file shrinks meanwhile, which the digest then shows."""
    parts: list[bytes] = []
    while size > 0 and (part := os.read(descriptor, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)

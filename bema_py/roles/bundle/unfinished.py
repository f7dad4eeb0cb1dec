"""A bundle until it is whole: its files beside its place, and how far they had come for the call that goes on."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BufferedRandom
from pathlib import Path

from bema_py.chain.deployment import Deployment
from bema_py.chain.deployment_file import deployment_text
from bema_py.chain.ethereum_header import EthereumHeader, decode_header
from bema_py.core.checks import check_hex, check_integer
from bema_py.core.errors import BemaError, InputError
from bema_py.core.json_text import read_json
from bema_py.core.types import Digest, hex0x, unhex
from bema_py.roles.bundle.layout import MAX_MANIFEST_SIZE, PROOFS, U64, FileRecord, read_bounded
from bema_py.storage.atomic_file import write_atomically

CHECKPOINT, LOCK = "checkpoint.json", "lock"
PIECE = 2**20


class ExportInProgressError(InputError):
    """Another process is writing the same bundle."""

    def __init__(self, out: Path) -> None:
        super().__init__(f"another export is writing {out}: wait for it, or name another directory")
        self.out = out


@dataclass(frozen=True)
class Checkpoint:
    """Up to which Ethereum block the proofs of a deployment are on the disk, and the bytes of each file up to there."""

    deployment: Digest
    header: bytes
    sizes: Mapping[str, int]

    @property
    def last(self) -> EthereumHeader:
        """The header of the last block."""
        return decode_header(self.header)


class HashedFile:
    """A file that knows its size and the SHA-256 of its bytes; those that are kept are read for it once."""

    def __init__(self, file: BufferedRandom, kept: int) -> None:
        self._file, self.digest, self.size = file, sha256(), 0
        while self.size < kept and (piece := file.read(min(PIECE, kept - self.size))):
            self._count(piece)
        file.seek(self.size)
        file.truncate()

    def write(self, data: bytes) -> int:
        """Add bytes."""
        self._count(data)
        return self._file.write(data)

    def sync(self) -> None:
        """Bring everything to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def _count(self, data: bytes) -> None:
        self.digest.update(data)
        self.size += len(data)


@dataclass
class UnfinishedBundle:
    """The files of an unfinished bundle; `anchor` is the last block written."""

    directory: Path
    files: dict[str, FileRecord] = field(default_factory=dict)
    anchor: tuple[int, bytes] | None = None

    @contextmanager
    def file(self, name: str, kept: int = 0) -> Iterator[HashedFile]:
        """Write one file, behind so many bytes that it has already."""
        path = self.directory / name
        path.touch()
        with path.open("r+b") as file:
            hashed = HashedFile(file, kept)
            yield hashed
            hashed.sync()
        self.files[name] = FileRecord(hashed.size, Digest(hashed.digest.digest()))

    def save(self, checkpoint: Checkpoint) -> None:
        """Note how far the proofs are on the disk."""
        plain = {
            "deployment": checkpoint.deployment.hex(),
            "header": hex0x(checkpoint.header),
            "sizes": dict(checkpoint.sizes),
        }
        write_atomically(self.directory / CHECKPOINT, json.dumps(plain).encode(), self.directory)

    def checkpoint(self) -> Checkpoint | None:
        """Give what an earlier call noted; None where there is nothing that can be gone on from."""
        try:
            plain = read_json(read_bounded(self.directory / CHECKPOINT, MAX_MANIFEST_SIZE))
            found = Checkpoint(
                Digest(check_hex("deployment", plain["deployment"], 32)),
                unhex(plain["header"]),
                {name: check_integer(name, plain["sizes"][name], 0, U64) for name in PROOFS},
            )
            decode_header(found.header)
            there = {name: (self.directory / name).stat().st_size for name in PROOFS}
        except (BemaError, OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return found if all(there[name] >= found.sizes[name] for name in PROOFS) else None


def name_deployment(deployment: Deployment) -> Digest:
    """Give the digest by which a checkpoint names its deployment."""
    return Digest(sha256(deployment_text(deployment).encode()).digest())


@contextmanager
def unfinished_bundle(out: Path) -> Iterator[UnfinishedBundle]:
    """Let a directory appear whole; what an interrupted call wrote stays beside it, in `.NAME.part`.

    Raises InputError for a directory that exists or cannot be written, ExportInProgressError.
    """
    if out.exists():
        raise InputError(f"{out} exists already; a bundle is written into a new directory")
    scratch = out.parent / f".{out.name}.part"
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        with (scratch / LOCK).open("wb") as lock:
            _take(lock.fileno(), out)
            bundle = UnfinishedBundle(scratch)
            yield bundle
            for path in scratch.iterdir():
                if path.name not in bundle.files:
                    path.unlink()
            scratch.replace(out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}") from error


def _take(descriptor: int, out: Path) -> None:
    """Hold the lock until the file is closed, which the end of the process does too."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ExportInProgressError(out) from None

"""Writes a bundle: the proofs of a chain, the events in them, and all content that these reach."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast

from bema_py.chain.block_evidence import BlockEvidence, block_events, read_evidence
from bema_py.chain.connection import Chain
from bema_py.chain.deployment import Deployment
from bema_py.chain.deployment_file import deployment_text
from bema_py.chain.ethereum_header import decode_header
from bema_py.chain.event_forms import event_to_plain
from bema_py.chain.events import Event
from bema_py.chain.evidence_files import write_evidence
from bema_py.core.cid import cid_text, object_cid
from bema_py.core.errors import InputError
from bema_py.core.types import Digest
from bema_py.learning.progress import Progress
from bema_py.roles.bundle.layout import (
    CONTENT,
    DEPLOYMENT,
    EVENTS,
    HEADERS,
    MANIFEST,
    RECEIPTS,
    TRANSACTIONS,
    FileRecord,
    Manifest,
)
from bema_py.roles.bundle.reach import reached_content
from bema_py.storage.car import write_header, write_section
from bema_py.storage.content_store import ContentStore

BLOCKS, OBJECTS = "Ethereum blocks", "content"
"""The stages that an export's progress names."""


@dataclass(frozen=True)
class Exported:
    """What was written: the manifest and its digest, to be kept elsewhere, and how much."""

    manifest: Manifest
    digest: Digest
    objects: int

    @property
    def size(self) -> int:
        """Bytes of all files but the manifest."""
        return sum(record.size for record in self.manifest.files.values())


def export_chain(
    chain: Chain,
    deployment: Deployment,
    store: ContentStore,
    out: Path,
    *,
    last: int | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write a bundle with proofs, of all blocks up to `last`, else to the newest.

    Raises InputError for a directory that exists and a last block before the deployment, and the errors of the chain;
    then nothing is left. Content that the store lacks is listed in the manifest.
    """
    end = chain.head().number if last is None else last
    if end < deployment.block_number:
        raise InputError(f"the last block is {end}, the contract was deployed in {deployment.block_number}")
    with _writing(out) as writer:
        events = tuple(_proofs(writer, read_evidence(chain, deployment, end), deployment, end, progress))
        return _records(writer, deployment, events, store, progress)


def export_events(
    deployment: Deployment,
    events: Iterable[Event],
    store: ContentStore,
    out: Path,
    progress: Progress | None = None,
) -> Exported:
    """Write a bundle without proofs, of events that somebody states."""
    with _writing(out) as writer:
        return _records(writer, deployment, tuple(events), store, progress)


@dataclass
class _Writer:
    """The files of an unfinished bundle; `anchor` is the last block written."""

    directory: Path
    files: dict[str, FileRecord] = field(default_factory=dict)
    anchor: tuple[int, bytes] | None = None

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """Write one file, hashed on its way to the disk."""
        with (self.directory / name).open("xb") as file:
            hashing = _HashingFile(file)
            yield cast(BinaryIO, hashing)
            file.flush()
            os.fsync(file.fileno())
        self.files[name] = FileRecord(hashing.size, Digest(hashing.digest.digest()))


class _HashingFile:
    """A file that knows the SHA-256 of what was written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest, self.size = file, sha256(), 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self.file.write(data)


@contextmanager
def _writing(out: Path) -> Iterator[_Writer]:
    """Make a directory appear whole or not at all."""
    if out.exists():
        raise InputError(f"{out} exists already; a bundle is written into a new directory")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}") from error
    try:
        yield _Writer(scratch)
        scratch.chmod(0o755)
        scratch.replace(out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _proofs(
    writer: _Writer,
    blocks: Iterable[BlockEvidence],
    deployment: Deployment,
    end: int,
    progress: Progress | None,
) -> Iterator[Event]:
    total = end - deployment.block_number + 1
    with (
        writer.file(HEADERS) as headers,
        writer.file(RECEIPTS) as receipts,
        writer.file(TRANSACTIONS) as transactions,
    ):
        for done, block in enumerate(blocks):
            if progress:
                progress(BLOCKS, done, total)
            write_evidence(block, headers, receipts, transactions)
            header = decode_header(block.header)
            writer.anchor = block.number, header.hash
            yield from block_events(deployment.address, header, block)
        if progress:
            progress(BLOCKS, total, total)


def _records(
    writer: _Writer,
    deployment: Deployment,
    events: tuple[Event, ...],
    store: ContentStore,
    progress: Progress | None,
) -> Exported:
    with writer.file(EVENTS) as file:
        for event in events:
            file.write(json.dumps(event_to_plain(event), sort_keys=True).encode() + b"\n")
    with writer.file(DEPLOYMENT) as file:
        file.write(deployment_text(deployment).encode())
    missing, objects = [], 0
    with writer.file(CONTENT) as file:
        write_header(file, [object_cid(deployment.rules_digest)])
        for found in reached_content(deployment, _counted(events, progress), store):
            if found.data is None:
                missing.append(cid_text(found.cid))
                continue
            write_section(file, found.cid, found.data)
            objects += 1
    return _finished(writer, deployment, len(events), tuple(sorted(missing)), objects)


def _counted(events: tuple[Event, ...], progress: Progress | None) -> Iterator[Event]:
    for done, event in enumerate(events):
        if progress:
            progress(OBJECTS, done, len(events))
        yield event
    if progress:
        progress(OBJECTS, len(events), len(events))


def _finished(
    writer: _Writer, deployment: Deployment, events: int, missing: tuple[str, ...], objects: int
) -> Exported:
    manifest = Manifest(
        chain_id=deployment.chain_id,
        contract=deployment.address,
        first_block=deployment.block_number,
        anchor=writer.anchor,
        events=events,
        files=dict(writer.files),
        missing=missing,
    )
    data = manifest.to_bytes()
    with writer.file(MANIFEST) as file:
        file.write(data)
    return Exported(manifest, Digest(sha256(data).digest()), objects)

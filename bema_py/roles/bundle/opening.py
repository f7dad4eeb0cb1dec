"""Opens a bundle for an audit: every file checked against the manifest, the events against their proofs."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from bema_py.chain.block_evidence import BlockEvidence
from bema_py.chain.deployment import Deployment
from bema_py.chain.deployment_file import load_deployment
from bema_py.chain.event_forms import event_from_plain, event_to_plain
from bema_py.chain.events import Event
from bema_py.chain.evidence_files import RECEIPTS, TRANSACTIONS, EvidenceReader
from bema_py.chain.rlp_items import RlpError
from bema_py.core.errors import BemaError, MalformedError
from bema_py.core.json_text import read_json
from bema_py.core.types import Digest, hex0x
from bema_py.learning.progress import Progress
from bema_py.roles.bundle.anchors import Anchors, Wanted
from bema_py.roles.bundle.archive_checks import check_reach, open_archive
from bema_py.roles.bundle.layout import (
    DEPLOYMENT,
    EVENTS,
    PROOFS,
    BundleError,
    FileRecord,
    Manifest,
    read_manifest,
)
from bema_py.roles.bundle.proof_checks import ProofWalk
from bema_py.roles.checks import Check, CheckBook
from bema_py.storage.car_store import CarStore

MAX_EVENT_LINE = 2**24
PIECE = 2**20
FILE_CHECKS = {RECEIPTS: Check.RECEIPTS, TRANSACTIONS: Check.TRANSACTIONS}
"""Which check an unreadable file fails, by the first word of its error; otherwise it is the headers'."""
STAGE = "Ethereum blocks"
"""The stage that opening's progress names."""


class EventsDifferError(MalformedError):
    """The events listed are not those of the receipts."""

    def __init__(self, number: int, proved: Event | None, stated: Event | None) -> None:
        super().__init__(f"event {number} is {_named(proved)} in the receipts, {_named(stated)} in the list")
        self.number, self.proved, self.stated = number, proved, stated


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds for an auditor: the events are those of the receipts where it has any.

    `time` is that of its last Ethereum block, without headers that of its last event, in seconds. `missing` are the
    identifiers of content that its manifest says it lacks.
    """

    deployment: Deployment
    events: tuple[Event, ...]
    store: CarStore
    anchors: Anchors
    time: int
    missing: tuple[str, ...]

    def check_reach(self, book: CheckBook) -> None:
        """Check that its content is all that the history reaches, and nothing else."""
        check_reach(book, self.deployment, self.events, self.store, self.missing)


def open_bundle(
    book: CheckBook,
    directory: Path,
    wanted: Wanted,
    pinned: Digest | None = None,
    progress: Progress | None = None,
) -> Bundle:
    """Open a bundle and enter in the book what does not hold; `pinned` is the manifest's digest kept elsewhere.

    What content the history reaches is left to `check_reach`: that takes longest, and an audit need not wait for it.
    Raises BundleError where no manifest, and the errors of the record where no deployment can be read.
    """
    manifest, data = read_manifest(directory)
    if pinned is not None:
        found = sha256(data).digest()
        message = f"the manifest's digest is {found.hex()}, expected {pinned.hex()}"
        book.expect(Check.MANIFEST, found == pinned, message)
    for name, record in manifest.files.items():
        _check_file(book, directory / name, record)
    deployment = load_deployment(directory / DEPLOYMENT)
    _check_wanted(book, deployment, manifest, wanted)
    walk = ProofWalk(book, deployment, wanted.block_hash)
    events = tuple(_events(book, directory, manifest, walk, progress))
    if wanted.block_hash is not None:
        message = f"no header of the bundle has the hash {hex0x(wanted.block_hash)}"
        book.expect(Check.BLOCK_HASH, walk.known is not None, message)
    store = open_archive(book, directory, deployment)
    last_event = max((event.position.block_number for event in events), default=deployment.block_number)
    last = (walk.last.number, walk.last.hash) if walk.last else None
    anchors = Anchors(deployment, wanted, last, last_event, walk.known)
    time = walk.last.timestamp if walk.last else max((event.position.time for event in events), default=0)
    return Bundle(deployment, events, store, anchors, time, manifest.missing)


def _check_file(book: CheckBook, path: Path, record: FileRecord) -> None:
    digest, size = sha256(), 0
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        book.expect(Check.MANIFEST, False, f"{path.name} cannot be read ({error.strerror})")
        return
    same = (size, digest.digest()) == (record.size, record.sha256)
    message = (
        f"{path.name} was changed: it has {size} bytes of SHA-256 {digest.hexdigest()}, the manifest says "
    )
    book.expect(Check.MANIFEST, same, f"{message}{record.size} and {record.sha256.hex()}")


def _check_wanted(book: CheckBook, deployment: Deployment, manifest: Manifest, wanted: Wanted) -> None:
    stated = (manifest.chain_id, manifest.contract, manifest.first_block)
    recorded = (deployment.chain_id, deployment.address, deployment.block_number)
    book.expect(Check.MANIFEST, stated == recorded, "the manifest names another deployment than the record")
    if wanted.chain_id is not None:
        message = f"the bundle is about chain {deployment.chain_id}, the auditor named {wanted.chain_id}"
        book.expect(Check.ANCHORS, wanted.chain_id == deployment.chain_id, message)
    if wanted.contract is not None:
        message = f"the bundle is about contract {hex0x(deployment.address)}, the auditor named "
        same = wanted.contract == deployment.address
        book.expect(Check.ANCHORS, same, message + hex0x(wanted.contract))


def _events(
    book: CheckBook, directory: Path, manifest: Manifest, walk: ProofWalk, progress: Progress | None
) -> Iterator[Event]:
    """Yield the events of the receipts and compare them with those listed; without proofs those listed."""
    listed = _listed(directory / EVENTS)
    if manifest.anchor is None:
        with book.reading(Check.EVENTS):
            yield from listed
        return
    comparison = _Comparison(book, listed)
    for event in _proved(book, directory, manifest, walk, progress):
        comparison.take(event)
        yield event
    comparison.finish()


@dataclass
class _Comparison:
    """Compares the events listed with those in the receipts up to the first difference.

    One event too many or too few puts all later ones out of step, so the first says enough.
    """

    book: CheckBook
    listed: Iterator[Event]
    number: int = 0
    agree: bool = True

    def take(self, event: Event) -> None:
        """Compare the next event of the receipts."""
        if not self.agree:
            return
        self.number += 1
        self.agree = False
        with self.book.reading(Check.EVENTS):
            stated = next(self.listed, None)
            self.agree = stated == event
            if not self.agree:
                raise EventsDifferError(self.number, event, stated)

    def finish(self) -> None:
        """Compare the ends."""
        if self.agree:
            with self.book.reading(Check.EVENTS):
                stated = next(self.listed, None)
                if stated is not None:
                    raise EventsDifferError(self.number + 1, None, stated)


def _proved(
    book: CheckBook, directory: Path, manifest: Manifest, walk: ProofWalk, progress: Progress | None
) -> Iterator[Event]:
    total = manifest.anchor[0] - manifest.first_block + 1 if manifest.anchor else 0
    with ExitStack() as stack:
        headers, receipts, transactions = (stack.enter_context(_opened(directory / name)) for name in PROOFS)
        reader = EvidenceReader(headers, receipts, transactions)
        try:
            yield from walk.events(_shown(reader.blocks(), total, progress))
        except RlpError as error:
            book.expect(FILE_CHECKS.get(error.what.split()[0], Check.HEADERS), False, str(error))
    for stray in reader.strays:
        book.expect(Check.RECEIPTS, False, stray)
    last = (walk.last.number, walk.last.hash) if walk.last else None
    message = "the last header is not that of the block with which the manifest says the bundle ends"
    book.expect(Check.HEADERS, last == manifest.anchor, message)


def _opened(path: Path) -> BinaryIO:
    """Open a file; one that is not there is empty, which the manifest's check has said already."""
    return path.open("rb") if path.is_file() else BytesIO()


def _shown(blocks: Iterator[BlockEvidence], total: int, progress: Progress | None) -> Iterator[BlockEvidence]:
    for done, block in enumerate(blocks):
        if progress:
            progress(STAGE, done, total)
        yield block


def _listed(path: Path) -> Iterator[Event]:
    """Yield the events of the list; raises BundleError."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_EVENT_LINE):
            number += 1
            try:
                yield event_from_plain(read_json(line))
            except (ValueError, BemaError) as error:
                raise BundleError(path, f"line {number} is not an event ({error})") from error


def _named(event: Event | None) -> str:
    if event is None:
        return "absent"
    place = event.position
    text = json.dumps(event_to_plain(event)["fields"], sort_keys=True)
    return f"{type(event).__name__} of block {place.block_number}, log {place.log_index} {text[:200]}"

"""A run directory: deployment, events and content of one history, with a manifest that pins every byte."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bema_py.chain.deployment import Deployment
from bema_py.chain.deployment_file import load_deployment, save_deployment
from bema_py.chain.event_forms import event_from_plain, event_to_plain
from bema_py.chain.events import Event
from bema_py.core.cid import parse_cid
from bema_py.core.errors import BemaError, MalformedError
from bema_py.core.hashing import sha256
from bema_py.core.json_text import read_json
from bema_py.core.types import Digest
from bema_py.roles.checks import Check, CheckBook, Status
from bema_py.storage.content_store import ContentMissingError
from bema_py.storage.directory_store import DirectoryStore

DEPLOYMENT, EVENTS, MANIFEST, CONTENT = "deployment.json", "events.jsonl", "manifest.json", "content"
PINNED = (DEPLOYMENT, EVENTS)


class RunRecordError(MalformedError):
    """A file of a run directory is absent or cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


@dataclass(frozen=True)
class RunRecord:
    """What a run directory holds for an auditor."""

    deployment: Deployment
    events: tuple[Event, ...]
    store: DirectoryStore


def write_run(directory: Path, deployment: Deployment, events: Sequence[Event]) -> Digest:
    """Export deployment and events beside the run's content; returns the manifest's digest.

    Whoever keeps that digest can later tell whether any byte of the run was changed.
    """
    save_deployment(deployment, directory / DEPLOYMENT)
    lines = [json.dumps(event_to_plain(event), sort_keys=True) for event in events]
    (directory / EVENTS).write_text("".join(f"{line}\n" for line in lines))
    store = DirectoryStore(directory / CONTENT)
    manifest = {
        "version": 1,
        "files": {name: sha256((directory / name).read_bytes()).hex() for name in PINNED},
        "blocks": sorted(str(cid) for cid in store.blocks()),
    }
    data = json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n"
    (directory / MANIFEST).write_bytes(data)
    return sha256(data)


def read_run(directory: Path) -> RunRecord:
    """Read a run directory's deployment and events; content is verified when it is used."""
    deployment = load_deployment(directory / DEPLOYMENT)
    events = []
    for number, line in enumerate(_read(directory / EVENTS).splitlines(), start=1):
        try:
            events.append(event_from_plain(read_json(line)))
        except (ValueError, BemaError) as error:
            raise RunRecordError(directory / EVENTS, f"line {number} is not an event ({error})") from error
    return RunRecord(deployment, tuple(events), DirectoryStore(directory / CONTENT))


def check_run(book: CheckBook, directory: Path, expected: Digest | None) -> None:
    """Compare a run's files and content blocks with its manifest, and the manifest with the digest kept elsewhere."""
    data = _read(directory / MANIFEST)
    if expected is not None:
        found = sha256(data)
        book.expect(
            Check.MANIFEST,
            found == expected,
            f"the manifest's digest is {found.hex()}, expected {expected.hex()}",
        )
    manifest = _parse_manifest(directory / MANIFEST, data)
    for name, stated in manifest["files"].items():
        held = sha256(_read(directory / name)).hex()
        book.expect(
            Check.MANIFEST,
            held == stated,
            f"{name} was changed since the run: its SHA-256 is {held}, the manifest says {stated}",
        )
    _check_blocks(book, DirectoryStore(directory / CONTENT), manifest["blocks"])


def _parse_manifest(path: Path, data: bytes) -> dict[str, Any]:
    try:
        manifest = read_json(data)
        files, blocks = manifest["files"], manifest["blocks"]
        if set(files) != set(PINNED) or not all(isinstance(cid, str) for cid in blocks):
            raise ValueError("unexpected entries")
    except (ValueError, KeyError, TypeError) as error:
        raise RunRecordError(path, f"it is not a manifest ({error})") from error
    return dict(manifest)


def _check_blocks(book: CheckBook, store: DirectoryStore, blocks: Sequence[str]) -> None:
    for text in blocks:
        try:
            store.get_block(parse_cid(text))
        except ContentMissingError as error:
            book.note(Check.OBJECT, Status.MISSING, str(error))
        except BemaError as error:
            book.note(Check.OBJECT, Status.FALSE, str(error))
        else:
            book.expect(Check.OBJECT, True, "")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunRecordError(path, f"it cannot be read ({error.strerror})") from error

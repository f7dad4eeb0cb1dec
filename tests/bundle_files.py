"""A bundle taken apart, changed in one place and put together again, its manifest telling the new bytes."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import rlp

from bema_py.chain.rlp_items import decode_item, read_items
from bema_py.roles.bundle.layout import (
    CONTENT,
    DEPLOYMENT,
    EVENTS,
    HEADERS,
    MANIFEST,
    RECEIPTS,
    TRANSACTIONS,
    FileRecord,
    read_manifest,
)
from bema_py.storage.car import read_header, read_sections, write_header, write_section


@dataclass
class BundleFiles:
    """The contents of a bundle, as lists that a test may change."""

    headers: list[Any]
    receipts: list[Any]
    transactions: list[Any]
    events: list[Any]
    deployment: dict[str, Any]
    blocks: list[tuple[Any, bytes]]


def read_files(directory: Path) -> BundleFiles:
    with (directory / CONTENT).open("rb") as file:
        read_header(file)
        blocks = [(section.cid, section.data) for section in read_sections(file)]
    return BundleFiles(
        *(items(directory / name) for name in (HEADERS, RECEIPTS, TRANSACTIONS)),
        [json.loads(line) for line in (directory / EVENTS).read_text().splitlines()],
        json.loads((directory / DEPLOYMENT).read_text()),
        blocks,
    )


def items(path: Path) -> list[Any]:
    with path.open("rb") as file:
        return [decode_item(each, path.name) for each in read_items(file, path.name, 2**25)]


def write_files(directory: Path, files: BundleFiles) -> None:
    for name, values in (
        (HEADERS, files.headers),
        (RECEIPTS, files.receipts),
        (TRANSACTIONS, files.transactions),
    ):
        (directory / name).write_bytes(b"".join(rlp.encode(each) for each in values))
    (directory / EVENTS).write_text("".join(json.dumps(each, sort_keys=True) + "\n" for each in files.events))
    (directory / DEPLOYMENT).write_text(json.dumps(files.deployment, indent=2) + "\n")
    with (directory / CONTENT).open("rb") as file:
        roots = list(read_header(file))
    with (directory / CONTENT).open("wb") as file:
        write_header(file, roots)
        for cid, data in files.blocks:
            write_section(file, cid, data)


def reseal(directory: Path, **changes: Any) -> None:
    """Let the manifest tell the files as they are now."""
    manifest, _ = read_manifest(directory)
    files = {}
    for name in manifest.files:
        path = directory / name
        data = path.read_bytes() if path.exists() else b""
        files[name] = FileRecord(len(data), sha256(data).digest())
    (directory / MANIFEST).write_bytes(replace(manifest, files=files, **changes).to_bytes())


def tampered(bundle: Path, to: Path, change: Callable[[BundleFiles], None]) -> Path:
    """Copy a bundle, change it, and let its manifest agree with the change."""
    shutil.copytree(bundle, to)
    files = read_files(to)
    change(files)
    write_files(to, files)
    reseal(to)
    return to

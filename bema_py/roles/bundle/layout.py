"""The files of a bundle and its manifest, which pins the bytes of all the others."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bema_py.core.checks import check_bytes, check_hex, check_integer
from bema_py.core.cid import parse_cid
from bema_py.core.errors import BemaError, MalformedError
from bema_py.core.json_text import read_json
from bema_py.core.types import Digest, hex0x

FORMAT, VERSION = "bema-bundle", 1
MANIFEST, DEPLOYMENT, EVENTS, CONTENT = "manifest.json", "deployment.json", "events.jsonl", "content.car"
HEADERS, RECEIPTS, TRANSACTIONS = "headers.rlp", "receipts.rlp", "transactions.rlp"
PROOFS = (HEADERS, RECEIPTS, TRANSACTIONS)
"""The files that a bundle without proofs lacks."""
RECORDS = (DEPLOYMENT, EVENTS, CONTENT)
MAX_MANIFEST_SIZE = 2**24
U64 = 2**64 - 1


class BundleError(MalformedError):
    """A file of a bundle is absent or is not what it should be."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


@dataclass(frozen=True)
class FileRecord:
    """A file's bytes and their SHA-256."""

    size: int
    sha256: Digest


@dataclass(frozen=True)
class Manifest:
    """What a bundle says it holds; `anchor` is its last Ethereum block (number, hash), None without proofs.

    `missing` are the identifiers of content that the history names and the exporter did not have, ascending.
    """

    chain_id: int
    contract: bytes
    first_block: int
    anchor: tuple[int, bytes] | None
    events: int
    files: Mapping[str, FileRecord]
    missing: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """Write it as JSON, its names in one order."""
        number, name = self.anchor or (None, None)
        plain = {
            "format": FORMAT,
            "version": VERSION,
            "chain_id": self.chain_id,
            "contract": hex0x(self.contract),
            "first_block": self.first_block,
            "anchor": None if name is None else {"number": number, "hash": hex0x(name)},
            "events": self.events,
            "files": {
                each: {"size": record.size, "sha256": record.sha256.hex()}
                for each, record in self.files.items()
            },
            "missing": list(self.missing),
        }
        return json.dumps(plain, indent=1, sort_keys=True).encode() + b"\n"


def is_bundle(directory: Path) -> bool:
    """Whether a directory's manifest says that it is a bundle."""
    try:
        plain = _json(directory / MANIFEST)
    except BundleError:
        return False
    return isinstance(plain, dict) and plain.get("format") == FORMAT


def read_manifest(directory: Path) -> tuple[Manifest, bytes]:
    """Read a bundle's manifest and give its bytes too. Raises BundleError."""
    path = directory / MANIFEST
    data = read_bounded(path, MAX_MANIFEST_SIZE)
    try:
        return _manifest(read_json(data)), data
    except (ValueError, KeyError, TypeError, AttributeError, BemaError) as error:
        raise BundleError(path, f"it is not a manifest of version {VERSION} ({error})") from error


def read_bounded(path: Path, limit: int) -> bytes:
    """Read a file of at most `limit` bytes. Raises BundleError."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise BundleError(path, f"it cannot be read ({error.strerror})") from error
    if len(data) > limit:
        raise BundleError(path, f"it is larger than {limit} bytes")
    return data


def _json(path: Path) -> Any:
    try:
        return read_json(read_bounded(path, MAX_MANIFEST_SIZE))
    except ValueError as error:
        raise BundleError(path, "it is no JSON") from error


def _manifest(plain: dict[str, Any]) -> Manifest:
    if (plain["format"], plain["version"]) != (FORMAT, VERSION):
        raise ValueError(f"format {plain['format']!r:.40}, version {plain['version']!r:.40}")
    anchor = plain["anchor"]
    named = {str(name): _record(record) for name, record in plain["files"].items()}
    if set(named) != {*RECORDS, *(PROOFS if anchor else ())}:
        raise ValueError(f"it names the files {', '.join(sorted(named))[:200]}")
    return Manifest(
        chain_id=check_integer("chain_id", plain["chain_id"], 0, 2**256 - 1),
        contract=check_hex("contract", plain["contract"], 20),
        first_block=check_integer("first_block", plain["first_block"], 0, U64),
        anchor=(
            (check_integer("anchor", anchor["number"], 0, U64), check_hex("anchor", anchor["hash"], 32))
            if anchor
            else None
        ),
        events=check_integer("events", plain["events"], 0, U64),
        files=named,
        missing=tuple(str(parse_cid(each)) and each for each in plain["missing"]),
    )


def _record(plain: dict[str, Any]) -> FileRecord:
    digest = check_bytes("sha256", check_hex("sha256", plain["sha256"], 32), 32)
    return FileRecord(check_integer("size", plain["size"], 0, U64), Digest(digest))

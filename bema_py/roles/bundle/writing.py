"""Writes a bundle: the proofs of a chain, the events in them, and all content that these reach."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bema_py.chain.connection import Chain
from bema_py.chain.deployment import Deployment
from bema_py.chain.deployment_file import deployment_text
from bema_py.chain.event_forms import event_to_plain
from bema_py.chain.events import Event
from bema_py.core.cid import cid_text, object_cid
from bema_py.core.errors import InputError
from bema_py.core.types import Digest
from bema_py.learning.progress import Progress
from bema_py.roles.bundle.layout import CONTENT, DEPLOYMENT, EVENTS, MANIFEST, Manifest
from bema_py.roles.bundle.proof_writing import write_proofs
from bema_py.roles.bundle.reach import reached_content
from bema_py.roles.bundle.unfinished import UnfinishedBundle, unfinished_bundle
from bema_py.storage.car import write_header, write_section
from bema_py.storage.content_store import ContentStore

OBJECTS = "content"
"""The stage that an export's progress names, after that of the proofs."""


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

    An interrupted call leaves what it wrote beside the place, and the next one goes on from there to the same bytes.
    Content that the store lacks is listed in the manifest. Raises InputError for a directory that exists and a last
    block before the deployment, and the errors of the chain.
    """
    end = chain.head().number if last is None else last
    if end < deployment.block_number:
        raise InputError(f"the last block is {end}, the contract was deployed in {deployment.block_number}")
    with unfinished_bundle(out) as bundle:
        events = tuple(write_proofs(bundle, chain, deployment, end, progress))
        return _records(bundle, deployment, events, store, progress)


def export_events(
    deployment: Deployment,
    events: Iterable[Event],
    store: ContentStore,
    out: Path,
    progress: Progress | None = None,
) -> Exported:
    """Write a bundle without proofs, of events that somebody states."""
    with unfinished_bundle(out) as bundle:
        return _records(bundle, deployment, tuple(events), store, progress)


def _records(
    bundle: UnfinishedBundle,
    deployment: Deployment,
    events: tuple[Event, ...],
    store: ContentStore,
    progress: Progress | None,
) -> Exported:
    with bundle.file(EVENTS) as file:
        for event in events:
            file.write(json.dumps(event_to_plain(event), sort_keys=True).encode() + b"\n")
    with bundle.file(DEPLOYMENT) as file:
        file.write(deployment_text(deployment).encode())
    missing, objects = [], 0
    with bundle.file(CONTENT) as file:
        write_header(file, [object_cid(deployment.rules_digest)])
        for found in reached_content(deployment, _counted(events, progress), store):
            if found.data is None:
                missing.append(cid_text(found.cid))
                continue
            write_section(file, found.cid, found.data)
            objects += 1
    return _finished(bundle, deployment, len(events), tuple(sorted(missing)), objects)


def _counted(events: tuple[Event, ...], progress: Progress | None) -> Iterator[Event]:
    for done, event in enumerate(events):
        if progress:
            progress(OBJECTS, done, len(events))
        yield event
    if progress:
        progress(OBJECTS, len(events), len(events))


def _finished(
    bundle: UnfinishedBundle, deployment: Deployment, events: int, missing: tuple[str, ...], objects: int
) -> Exported:
    manifest = Manifest(
        chain_id=deployment.chain_id,
        contract=deployment.address,
        first_block=deployment.block_number,
        anchor=bundle.anchor,
        events=events,
        files=dict(bundle.files),
        missing=missing,
    )
    data = manifest.to_bytes()
    with bundle.file(MANIFEST) as file:
        file.write(data)
    return Exported(manifest, Digest(sha256(data).digest()), objects)

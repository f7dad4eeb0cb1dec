"""Writes the proofs of a bundle block by block, and goes on where an interrupted call left them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from bema_py.chain.block_evidence import block_events, read_evidence
from bema_py.chain.connection import Chain
from bema_py.chain.deployment import Deployment
from bema_py.chain.ethereum_header import decode_header
from bema_py.chain.events import Event
from bema_py.chain.evidence_files import EvidenceReader, write_evidence
from bema_py.chain.raw_blocks import raw_headers
from bema_py.learning.progress import Progress
from bema_py.roles.bundle.layout import HEADERS, PROOFS, RECEIPTS, TRANSACTIONS
from bema_py.roles.bundle.unfinished import Checkpoint, HashedFile, UnfinishedBundle, name_deployment

BLOCKS = "Ethereum blocks"
"""The stage that an export's progress names."""
CHECKPOINT_EVERY = 500
"""Blocks that an interruption costs at most."""


def write_proofs(
    bundle: UnfinishedBundle, chain: Chain, deployment: Deployment, end: int, progress: Progress | None
) -> Iterator[Event]:
    """Write the proofs of all blocks up to `end` and yield the events in them.

    What an earlier call wrote is kept if the chain still has its last block: it was checked when it was written, and
    that block names all before it.
    """
    kept = _kept(bundle, chain, deployment, end)
    after = kept.last if kept else None
    bundle.anchor = (after.number, after.hash) if after else None
    total = end - deployment.block_number + 1
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(bundle.file(name, kept.sizes[name] if kept else 0)) for name in PROOFS
        }
        yield from _events_written(bundle, deployment)
        for block in read_evidence(chain, deployment, end, after):
            header = decode_header(block.header)
            done = header.number - deployment.block_number + 1
            write_evidence(block, files[HEADERS], files[RECEIPTS], files[TRANSACTIONS])
            bundle.anchor = header.number, header.hash
            yield from block_events(deployment.address, header, block)
            if done % CHECKPOINT_EVERY == 0 or done == total:
                _save(bundle, deployment, block.header, files)
            if progress:
                progress(BLOCKS, done, total)


def _kept(bundle: UnfinishedBundle, chain: Chain, deployment: Deployment, end: int) -> Checkpoint | None:
    found = bundle.checkpoint()
    if found is None or found.deployment != name_deployment(deployment) or found.last.number > end:
        return None
    ((header, _),) = raw_headers(chain, [found.last.number])
    return found if header == found.header else None


def _events_written(bundle: UnfinishedBundle, deployment: Deployment) -> Iterator[Event]:
    """Yield the events of the blocks that an earlier call wrote."""
    with ExitStack() as stack:
        headers, receipts, transactions = (
            stack.enter_context((bundle.directory / name).open("rb")) for name in PROOFS
        )
        for block in EvidenceReader(headers, receipts, transactions).blocks():
            yield from block_events(deployment.address, decode_header(block.header), block)


def _save(
    bundle: UnfinishedBundle, deployment: Deployment, header: bytes, files: Mapping[str, HashedFile]
) -> None:
    for file in files.values():
        file.sync()
    sizes = {name: file.size for name, file in files.items()}
    bundle.save(Checkpoint(name_deployment(deployment), header, sizes))

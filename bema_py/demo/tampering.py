"""Changes one bit in copies of a run and lets an auditor look: what a reader should see happen."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from multiformats import CID

from bema_py.chain.events import BlockSubmitted
from bema_py.core.block_body import BlockBody
from bema_py.core.cid import RAW, codec_of, object_cid
from bema_py.core.dag_pb import decode_node
from bema_py.roles.audit_report import AuditReport
from bema_py.roles.auditor import audit
from bema_py.roles.content import load_body, load_card
from bema_py.roles.replay import replay
from bema_py.roles.run_record import CONTENT, RunRecord, read_run
from bema_py.storage.directory_store import DirectoryStore


@dataclass(frozen=True)
class Trial:
    """One change to a copy of a run and how its audit came out."""

    what: str
    report: AuditReport

    @property
    def found(self) -> list[str]:
        """What the auditor says, a sentence a finding."""
        return [
            f"{finding.place}: {finding.message} (check {finding.check.number})"
            for finding in self.report.book.findings
        ]


def tamper_with_parameters(run: Path, height: int) -> Trial:
    """Flip one bit in the parameter file that block `height` published for its first updated model."""
    record = read_run(run)
    update = _body(record, height).updates[0]
    cid = _first_leaf(record.store, load_card(record.store, update.new).parameters)
    size = record.store.path_of(cid).stat().st_size
    what = f"one bit flipped in the parameters of party {update.party} that block {height} published"
    return Trial(what, _audit_with_flip(run, height, cid, size // 2))


def tamper_with_body(run: Path, height: int) -> Trial:
    """Flip one bit of a new model digest inside the body of block `height`."""
    record = read_run(run)
    event = _event(record, height)
    update = _body(record, height).updates[-1]
    data = record.store.get_object(event.body_digest)
    what = f"one bit flipped in the body of block {height}, in the model update of party {update.party}"
    return Trial(what, _audit_with_flip(run, height, object_cid(event.body_digest), data.index(update.new)))


def _event(record: RunRecord, height: int) -> BlockSubmitted:
    return replay(record.events).blocks[height - 1]


def _body(record: RunRecord, height: int) -> BlockBody:
    return load_body(record.store, _event(record, height).body_digest)


def _first_leaf(store: DirectoryStore, cid: CID) -> CID:
    """Return the block that holds a file's first bytes."""
    while codec_of(cid) != RAW:
        cid = decode_node(store.get_block(cid))[0].cid
    return cid


def _audit_with_flip(run: Path, height: int, cid: CID, offset: int) -> AuditReport:
    """Audit a copy with one flipped bit, up to the tampered block: what comes later was shown before."""
    with _copied(run) as copy:
        _flip_bit(DirectoryStore(copy / CONTENT).path_of(cid), offset)
        record = read_run(copy)
        last = record.events.index(_event(record, height))
        return audit(record.deployment, record.events[: last + 1], record.store)


@contextmanager
def _copied(run: Path) -> Iterator[Path]:
    """Copy a run beside itself; hard links cost no space, and the one changed file is written anew."""
    with tempfile.TemporaryDirectory(dir=run.parent, prefix=".tampered-") as scratch:
        copy = Path(scratch) / "run"
        shutil.copytree(run, copy, copy_function=_link)
        yield copy


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def _flip_bit(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    # Unlink first: writing in place would change the original through the hard link.
    path.unlink()
    path.write_bytes(data)

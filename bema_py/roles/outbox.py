"""A party's private record of what it has offered: kept on disk, so that an interrupted party loses nothing."""

import json
import os
import tempfile
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from bema_py.core.errors import BemaError
from bema_py.core.json_text import read_json
from bema_py.core.types import Commitment, Digest, SampleId


class OutboxError(BemaError):
    """The outbox file cannot be read as one."""

    exit_code = 6

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"outbox {path}: {reason}")
        self.path, self.reason = path, reason


@dataclass(frozen=True)
class PendingBatch:
    """A batch that is committed, or about to be, and not yet revealed. The salt keeps it secret until then."""

    commitment: Commitment
    batch_root: Digest
    content_digest: Digest
    salt: Digest
    content: bytes

    def to_plain(self) -> dict[str, str]:
        """Return the fields as hexadecimal text."""
        return {name: value.hex() for name, value in asdict(self).items()}

    @classmethod
    def from_plain(cls, plain: dict[str, str]) -> "PendingBatch":
        """Read the fields back from hexadecimal text."""
        raw = {name: bytes.fromhex(value) for name, value in plain.items()}
        return cls(**raw)  # type: ignore[arg-type]


class Outbox:
    """The pending batch and the ids of every sample ever offered, in one file that only its owner may read.

    `revealed` are the batches revealed lately: where a reorganisation of the chain takes a reveal back, only what
    lies here can open the commitment again.
    """

    def __init__(self, path: Path) -> None:
        """Open the outbox at `path`, or begin an empty one."""
        self.path = path
        self.pending: PendingBatch | None = None
        self.revealed: tuple[PendingBatch, ...] = ()
        self.offered: set[SampleId] = set()
        if path.exists():
            self._load()

    def _load(self) -> None:
        try:
            plain = read_json(self.path.read_bytes())
            self.offered = {SampleId(bytes.fromhex(sample)) for sample in plain["offered"]}
            self.pending = PendingBatch.from_plain(plain["pending"]) if plain["pending"] else None
            self.revealed = tuple(PendingBatch.from_plain(each) for each in plain.get("revealed", []))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutboxError(self.path, f"it cannot be read ({error})") from error

    @property
    def held(self) -> tuple[PendingBatch, ...]:
        """Every batch that the chain may still ask for, the oldest first."""
        return self.revealed if self.pending is None else (*self.revealed, self.pending)

    def hold(self, pending: PendingBatch, samples: set[SampleId]) -> None:
        """Record a batch before it is committed; its samples count as offered from now on."""
        self.pending = pending
        self.offered |= samples
        self._save()

    def release(self) -> None:
        """Make room for another batch: the pending one was revealed."""
        if self.pending is not None:
            self.revealed = (*self.revealed, self.pending)
        self.pending = None
        self._save()

    def forget(self, batches: Collection[Commitment]) -> None:
        """Drop batches that nothing can become of any more: buried under the chain, or expired."""
        if self.pending is not None and self.pending.commitment in batches:
            self.pending = None
        self.revealed = tuple(each for each in self.revealed if each.commitment not in batches)
        self._save()

    def _save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        plain = {
            "pending": self.pending.to_plain() if self.pending else None,
            "revealed": [each.to_plain() for each in self.revealed],
            "offered": sorted(sample.hex() for sample in self.offered),
        }
        # mkstemp makes the file readable by its owner alone; the rename makes the change whole or not at all.
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".outbox-")
        with os.fdopen(handle, "w") as file:
            json.dump(plain, file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(self.path)

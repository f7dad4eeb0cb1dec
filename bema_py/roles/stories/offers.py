"""Every revealed batch with its content, and the batches that hold a sample."""

from dataclasses import dataclass

from bema_py.core.batch import Batch
from bema_py.core.errors import BemaError
from bema_py.core.types import SampleId, hex0x
from bema_py.roles.content import load_batch
from bema_py.roles.history import CommittedBatch
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.facts import Gap, gap
from bema_py.roles.stories.finding import UnknownNameError, find_name


@dataclass(frozen=True)
class ReadBatch:
    """A revealed batch, the names of its samples in order, and its content."""

    on_chain: CommittedBatch
    names: tuple[SampleId, ...]
    batch: Batch


class UnreadBatchesError(BemaError):
    """No batch that can be read holds a sample, but some cannot be read."""

    exit_code = 5

    def __init__(self, unknown: UnknownNameError, gaps: tuple[Gap, ...]) -> None:
        """Keep what was looked for and the batches that could not be read."""
        super().__init__(
            f"{unknown}, but {len(gaps)} of the revealed batches cannot be read, the first: {gaps[0].reason}"
        )
        self.unknown, self.gaps = unknown, gaps


def read_batches(archive: Archive) -> tuple[tuple[ReadBatch, ...], tuple[Gap, ...]]:
    """Read every revealed batch, in order of commitment; also returns what cannot be read."""
    read, gaps = [], []
    for on_chain in sorted(archive.history.batches.values(), key=lambda batch: batch.committed):
        if on_chain.opening is None:
            continue
        try:
            batch = load_batch(archive.store, on_chain.opening.content_digest)
        except BemaError as error:
            gaps.append(gap(f"batch {hex0x(on_chain.commitment)}", error))
        else:
            read.append(ReadBatch(on_chain, batch.sample_ids(), batch))
    return tuple(read), tuple(gaps)


def find_sample(batches: tuple[ReadBatch, ...], gaps: tuple[Gap, ...], name: str) -> SampleId:
    """Return the one sample whose id begins so.

    Raises what `find_name` raises, and UnreadBatchesError where a batch that cannot be read might hold it.
    """
    try:
        return find_name("sample", name, (each for batch in batches for each in batch.names))
    except UnknownNameError as error:
        if gaps:
            raise UnreadBatchesError(error, gaps) from error
        raise

"""Comparing an event index with its chain, read again from the first block on."""

import tempfile
from itertools import zip_longest
from pathlib import Path

from bema_py.chain.errors import ChainError
from bema_py.chain.event_index import EventIndex, Progress, open_index
from bema_py.chain.index_file import IndexFileError


class IndexMismatchError(ChainError):
    """The chain, read again, has other logs than the index."""

    def __init__(self, path: Path, number: int, block: int) -> None:
        super().__init__(
            f"{path} differs from the chain at log {number}, about block {block}: "
            "read everything again with `bema index --rebuild`"
        )
        self.path, self.number, self.block = path, number, block


def compare_with_chain(index: EventIndex, progress: Progress | None = None) -> None:
    """Read the chain again into a second index and compare every raw log with it.

    Raises `IndexMismatchError`, `IndexFileError` for a damaged file, and what reading raises.
    """
    for row in index.file.ask("pragma integrity_check"):
        if row[0] != "ok":
            raise IndexFileError(index.path, f"it is damaged ({row[0]})")
    with (
        tempfile.TemporaryDirectory() as directory,
        open_index(Path(directory) / "again", index.chain, index.contract, index.first) as again,
    ):
        again.update(progress)
        # Both as the chain is now: a block that came or went while reading is no difference.
        index.update()
        again.update()
        last = min(index.reaches(), again.reaches())
        for number, (one, other) in enumerate(zip_longest(index.rows(), again.rows())):
            block = min(row["block_number"] for row in (one, other) if row is not None)
            if block > last:
                return
            if one is None or other is None or tuple(one) != tuple(other):
                raise IndexMismatchError(index.path, number, block)

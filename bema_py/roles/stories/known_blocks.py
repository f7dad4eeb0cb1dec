"""Every block on record, on the chain or off it, and the one that a question names."""

from dataclasses import dataclass

from bema_py.chain.events import BlockSubmitted
from bema_py.core.errors import InputError
from bema_py.core.types import BlockHash
from bema_py.roles.history import History, OrphanedBlock
from bema_py.roles.stories.finding import find_name


class UnknownHeightError(InputError):
    """No block was ever accepted at a height."""

    def __init__(self, height: int, highest: int) -> None:
        """Keep the height and the highest that there is."""
        known = f"heights go from 1 to {highest}" if highest else "no block was accepted yet"
        super().__init__(f"there is no block {height}: {known}")
        self.height, self.highest = height, highest


@dataclass(frozen=True)
class KnownBlock:
    """A block that was accepted once, and the blocks it stands on, from block 1; `orphan` where it left the chain."""

    event: BlockSubmitted
    ancestors: tuple[BlockSubmitted, ...]
    orphan: OrphanedBlock | None = None


def known_blocks(history: History) -> tuple[KnownBlock, ...]:
    """Return every block that was ever accepted, in the order in which they came."""
    standing = [KnownBlock(event, history.blocks[:below]) for below, event in enumerate(history.blocks)]
    left = [KnownBlock(orphan.event, orphan.ancestors, orphan) for orphan in history.orphans]
    return tuple(sorted([*standing, *left], key=lambda block: block.event.position))


def find_block(history: History, name: str) -> KnownBlock:
    """Return the block of a height or of a hash, which a 0x distinguishes from one; a prefix will do.

    Of several blocks of one height the one on the chain is meant, else the one that came last. Raises
    UnknownHeightError and what `find_name` raises.
    """
    blocks = known_blocks(history)
    if name.isdecimal():
        return _at_height(blocks, int(name))
    wanted = find_name("block", name, (block.event.block_hash for block in blocks))
    return block_of(blocks, wanted)


def block_of(blocks: tuple[KnownBlock, ...], block_hash: BlockHash) -> KnownBlock:
    """Return the block with this hash, which must be among them; of a record's repetitions the last."""
    return next(block for block in reversed(blocks) if block.event.block_hash == block_hash)


def _at_height(blocks: tuple[KnownBlock, ...], height: int) -> KnownBlock:
    there = [block for block in blocks if block.event.height == height]
    if not there:
        raise UnknownHeightError(height, max((block.event.height for block in blocks), default=0))
    return next((block for block in there if block.orphan is None), there[-1])

"""A block recomputed from what it lists, or found among those that an earlier audit recomputed from the very same."""

from collections.abc import Sequence
from dataclasses import dataclass

from bema_py.core.block_body import BlockBody
from bema_py.core.types import Digest
from bema_py.learning.progress import Progress
from bema_py.roles.assembly import AssembledBlock, BlockContext, ListedBatch, assemble
from bema_py.roles.failures import CountedSample, counted_samples
from bema_py.roles.kept_blocks import KeptBlocks, name_of
from bema_py.roles.refusals import Refusals, refusals


@dataclass(frozen=True)
class Recomputation:
    """What recomputing a block gave: its body, and what became of its samples.

    `counted` are those that count for the data witness, `refused` those that it did not use. `name` is what it is kept
    under, if it is. `assembled` is how it came about; None where an earlier audit recomputed it and it gave just the
    claimed body.
    """

    name: Digest | None
    body: BlockBody
    counted: tuple[CountedSample, ...]
    refused: Refusals
    assembled: AssembledBlock | None


def recompute(
    context: BlockContext,
    listed: Sequence[ListedBatch],
    claimed: BlockBody | None,
    kept: KeptBlocks | None,
    progress: Progress | None = None,
) -> Recomputation:
    """Assemble a block anew, or take over that an earlier audit did and found the claimed body.

    A block that came out false is assembled again each time, so that its faults can be named.
    """
    name = name_of(context, listed) if kept else None
    if kept and name and claimed:
        earlier = kept.find(name)
        if earlier and earlier.body == claimed.digest():
            return Recomputation(name, claimed, earlier.counted, earlier.refused, None)
    assembled = assemble(context, listed, progress)
    return Recomputation(name, assembled.body, counted_samples(assembled), refusals(assembled), assembled)

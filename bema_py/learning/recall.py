"""Which earlier samples a block calibrates with again: replay and rehearsal. **Extension** of the paper."""

from collections.abc import Mapping
from itertools import groupby

from bema_py.core.leaves import recall_key
from bema_py.core.types import BlockHash, SampleId


def drawn(classes: Mapping[SampleId, int], parent: BlockHash, limit: int) -> tuple[SampleId, ...]:
    """Draw at most `limit` of these samples with their classes, as equally from all classes as they come.

    The samples of each class are ranked by their recall key; the lowest ranks are drawn, equal ones by that key.
    """
    keyed = sorted((label, recall_key(parent, sample), sample) for sample, label in classes.items())
    ranked = sorted(
        (rank, key, sample)
        for _, same in groupby(keyed, key=lambda entry: entry[0])
        for rank, (_, key, sample) in enumerate(same)
    )
    return tuple(sample for _, _, sample in ranked[:limit])

"""A dispute about a statement: a founder opens one reference, anybody compares. **Extension**."""

import numpy as np

from bema_py.core.batch import Batch
from bema_py.core.errors import InputError
from bema_py.core.rules import Rules
from bema_py.core.witness import Statement
from bema_py.learning.references import ReferenceOpening, ReferenceSet
from bema_py.learning.witness import features
from bema_py.roles.hearing import Parties, stated_distances
from bema_py.roles.witness import batch_images, witness_rules


class WrongDistanceError(InputError):
    """An opened reference does not lie as far from a sample as its founder stated."""

    def __init__(self, stated: int, found: int) -> None:
        """Keep both squared distances."""
        self.stated, self.found = stated, found
        super().__init__(f"the stated distance is {stated}, the opened reference lies {found} away")


def open_nearest(
    references: ReferenceSet, batch: Batch, rules: Rules, *, sample: int, label: int, rank: int
) -> ReferenceOpening:
    """Open the reference behind one stated distance: of a class, the nearest (rank 0), second or third to a sample."""
    image = batch_images(batch, rules)[sample]
    return references.open(references.nearest(image, label, rank))


def check_opening(
    parties: Parties,
    batch: Batch,
    statement: Statement,
    opening: ReferenceOpening,
    rules: Rules,
    *,
    sample: int,
    rank: int,
) -> None:
    """Check that an opened reference was committed to and lies as far from a sample as stated.

    Raises WrongOpeningError and WrongDistanceError. That no nearer reference was concealed only the founder can show.
    """
    witness = witness_rules(rules)
    opening.check(witness.references[statement.founder - 1])
    held, distances = stated_distances(parties, statement, len(batch.samples))
    stated = int(distances[sample, held.index(opening.label), rank])
    shown = np.frombuffer(opening.feature, dtype=np.uint8).astype(np.int64)
    own = features(batch_images(batch, rules)[sample : sample + 1], witness.feature)[0].astype(np.int64)
    found = int(((own - shown) ** 2).sum())
    if found != stated:
        raise WrongDistanceError(stated, found)

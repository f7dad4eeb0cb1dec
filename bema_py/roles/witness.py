"""A founder as data witness (10b): it states how far its private references lie from a batch. **Extension**."""

import numpy as np

from bema_py.chain.deployment import Deployment
from bema_py.chain.signers import Signer
from bema_py.chain.statements import sign_statement
from bema_py.core.batch import Batch
from bema_py.core.errors import InputError
from bema_py.core.rules import Rules
from bema_py.core.types import Commitment, Digest, PartyId, hex0x
from bema_py.core.witness import SignedStatement, Statement, WitnessRules, encode_distances
from bema_py.learning.datasets import ByteArray
from bema_py.learning.references import ReferenceSet


class WrongReferencesError(InputError):
    """A reference set is not the one that its founder committed to in the rules."""

    def __init__(self, founder: PartyId, found: Digest, required: Digest) -> None:
        """Keep the founder, its set's root and the root in the rules."""
        self.founder, self.found, self.required = founder, found, required
        super().__init__(
            f"the references of party {founder} have the root {hex0x(found)}, the rules name {hex0x(required)}"
        )


def state(
    deployment: Deployment,
    signer: Signer,
    founder: PartyId,
    references: ReferenceSet,
    commitment: Commitment,
    batch: Batch,
    rules: Rules,
) -> SignedStatement:
    """Measure a revealed batch against a founder's references and sign the distances.

    Raises WrongReferencesError for another set than the one behind the root in the rules.
    """
    witness = witness_rules(rules)
    required = witness.references[founder - 1]
    if references.root != required:
        raise WrongReferencesError(founder, references.root, required)
    statement = measure(founder, references, commitment, batch, rules)
    return sign_statement(signer, deployment.chain_id, deployment.address, statement)


def measure(
    founder: PartyId, references: ReferenceSet, commitment: Commitment, batch: Batch, rules: Rules
) -> Statement:
    """Measure how far a founder's references lie from each sample of a batch; nothing is signed yet."""
    distances = references.distances(batch_images(batch, rules))
    return Statement(founder, commitment, encode_distances(distances.ravel().tolist()))


def witness_rules(rules: Rules) -> WitnessRules:
    """Return the rules of the data witness; raises InputError where there is none."""
    if rules.witness is None:
        raise InputError("the rules of this deployment know no data witness")
    return rules.witness


def batch_images(batch: Batch, rules: Rules) -> ByteArray:
    """Return a batch's samples as images, uint8 (samples, channels, height, width)."""
    joined = b"".join(sample.x for sample in batch.samples)
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, *rules.input)

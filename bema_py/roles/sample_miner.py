"""Off-chain sample mining: find valid calibration samples in one's own data, commit to them, reveal them."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bema_py.chain.commitments import batch_commitment
from bema_py.chain.signers import Signer
from bema_py.core.batch import Batch, Sample
from bema_py.core.errors import PolicyError
from bema_py.core.types import Digest, PartyId
from bema_py.learning.datasets import Dataset
from bema_py.learning.progress import Progress
from bema_py.learning.sieve import Sieve
from bema_py.roles.assembly import membership_of
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.roles.network import Network, parent_models
from bema_py.roles.outbox import Outbox, PendingBatch

PIECE = 1024
"""Records that are looked through at once."""

SaltSource = Callable[[], bytes]


def new_salt() -> bytes:
    """Return 32 bytes from the operating system: they keep a committed batch secret until its reveal."""
    return secrets.token_bytes(32)


@dataclass(frozen=True)
class PublicationPolicy:
    """What a party has cleared for publication. A revealed sample is a raw record, published to everyone for ever."""

    publish_samples: bool
    cleared: str
    budget: int

    def admit(self, offered: int, wanted: int) -> None:
        """Refuse to offer `wanted` more samples after `offered` ones, if that is not cleared."""
        if not self.publish_samples:
            raise PolicyError(
                "nothing was committed: the profile does not say publish_samples = true, and a revealed sample is "
                "published to everyone, for ever"
            )
        if not self.cleared:
            raise PolicyError("nothing was committed: the profile names no data set cleared for publication")
        if offered + wanted > self.budget:
            raise PolicyError(
                f"nothing was committed: {offered} samples offered so far and {wanted} more exceed the "
                f"budget of {self.budget}"
            )


def find_samples(
    network: Network,
    history: History,
    ledger: Ledger,
    scan: Dataset,
    limit: int,
    progress: Progress | None = None,
) -> tuple[Sample, ...]:
    """Return the first samples of `scan`, at most `limit`, that are valid at the tip's models (eqs. 3 to 10)."""
    models = list(parent_models(network, history, ledger).values())
    membership = membership_of(history.members_at(ledger.height + 1, network.rules))
    sieve = Sieve(models, membership, network.rules)
    labels = scan.labels.astype(np.int64)
    found: list[int] = []
    for start in range(0, len(scan), PIECE):
        part = slice(start, min(start + PIECE, len(scan)))
        found += (start + np.flatnonzero(sieve.valid(scan.images[part], labels[part]))).tolist()
        if progress is not None:
            progress("look through", part.stop, len(scan))
        if len(found) >= limit:
            break
    return samples_at(scan, found[:limit])


def samples_at(dataset: Dataset, indices: Sequence[int]) -> tuple[Sample, ...]:
    """Return the samples at these indices as they go into a batch."""
    return tuple(Sample(dataset.images[index].tobytes(), int(dataset.labels[index])) for index in indices)


def not_offered(dataset: Dataset, outbox: Outbox) -> Dataset:
    """Return the part of a data set that was never offered before."""
    samples = samples_at(dataset, range(len(dataset)))
    return dataset.select(
        [index for index, sample in enumerate(samples) if sample.id() not in outbox.offered]
    )


def choose_scan(
    private: Dataset, outbox: Outbox, seed: int, count: int, *, height: int = 0, start: int = 0
) -> Dataset:
    """Draw records never offered before to look through, in an order that every height and every offer changes.

    `start` is how many of that order were looked through already; nothing is left where it reaches their number.
    """
    fresh = not_offered(private, outbox)
    random = np.random.default_rng([seed, len(outbox.offered), height])
    return fresh.select(random.permutation(len(fresh))[start : start + count])


def prepare_batch(
    network: Network, party: PartyId, samples: tuple[Sample, ...], salt_source: SaltSource | None = None
) -> PendingBatch:
    """Lay out a batch and its commitment; nothing leaves this machine yet."""
    batch = Batch(party, samples)
    content = batch.to_bytes()
    root = batch.root()
    salt = Digest((salt_source or new_salt)())
    deployment = network.deployment
    digest = batch.digest()
    commitment = batch_commitment(deployment.chain_id, deployment.address, party, root, digest, salt)
    return PendingBatch(commitment, root, digest, salt, content)


def commit(
    network: Network, signer: Signer, outbox: Outbox, pending: PendingBatch, policy: PublicationPolicy
) -> None:
    """Commit to a batch on chain; the outbox holds it first, so that a crash cannot lose the salt."""
    samples = Batch.from_bytes(pending.content).samples
    policy.admit(len(outbox.offered), len(samples))
    outbox.hold(pending, {sample.id() for sample in samples})
    network.contract.commit_batch(signer, pending.commitment)


def reveal(network: Network, signer: Signer, outbox: Outbox) -> None:
    """Publish the pending batch's content and open its commitment, at least one Ethereum block after it."""
    pending = outbox.pending
    if pending is None:
        raise PolicyError("there is no pending batch to reveal")
    network.store.put_object(pending.content)
    network.contract.reveal_batch(signer, pending.batch_root, pending.content_digest, pending.salt)
    outbox.release()


def settle(network: Network, history: History, signer: Signer, outbox: Outbox) -> bool:
    """Finish what an interrupted run left in the outbox, as far as the chain allows now.

    Returns whether the outbox is free for a new batch. An uncommitted batch is committed again; a committed one is
    revealed once an Ethereum block has passed; a revealed or expired one is let go.
    """
    pending = outbox.pending
    if pending is None:
        return True
    on_chain = history.batches.get(pending.commitment)
    head = network.contract.chain.head().number
    if on_chain is None:
        network.contract.commit_batch(signer, pending.commitment)
        return False
    if (
        on_chain.opening
        or head > on_chain.committed.block_number + network.deployment.parameters.commitment_expiry
    ):
        outbox.release()
        return True
    if head <= on_chain.committed.block_number:
        return False
    reveal(network, signer, outbox)
    return True

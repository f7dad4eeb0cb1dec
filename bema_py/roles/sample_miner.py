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
from bema_py.roles.history import CommittedBatch, History
from bema_py.roles.ledger import Ledger
from bema_py.roles.network import Network, parent_models
from bema_py.roles.outbox import Outbox, PendingBatch

PIECE = 1024
"""Records that are looked through at once."""
BURIED = 64
"""Ethereum blocks after which no reorganisation takes a reveal back: two epochs of the main network."""

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
    if outbox.pending is None:
        raise PolicyError("there is no pending batch to reveal")
    _open(network, signer, outbox.pending)
    outbox.release()


def settle(network: Network, history: History, signer: Signer, outbox: Outbox) -> bool:
    """Finish what an interruption or a reorganisation of the chain left undone, as far as the chain allows now.

    Returns whether the outbox is free for a new batch. An uncommitted batch is committed again; a committed one is
    revealed once an Ethereum block has passed, also where it was revealed before and the chain took that back.
    """
    head = network.contract.chain.head().number
    expiry = network.deployment.parameters.commitment_expiry
    _tidy(history, outbox, head, expiry)
    undone = _undone(history, outbox)
    if undone is None:
        return outbox.pending is None
    on_chain = history.batches.get(undone.commitment)
    if on_chain is None:
        network.contract.commit_batch(signer, undone.commitment)
        return False
    if head <= on_chain.committed.block_number:
        return False
    _open(network, signer, undone)
    if undone != outbox.pending:
        return False
    outbox.release()
    return True


def open_commitment(history: History, party: PartyId, head: int, expiry: int) -> CommittedBatch | None:
    """Return a party's commitment that must be revealed, or expire, before it can make another."""
    own = (batch for batch in history.batches.values() if batch.party == party)
    newest = max(own, key=lambda batch: batch.committed, default=None)
    if newest is None or newest.opening or _expired(newest, head, expiry):
        return None
    return newest


def _open(network: Network, signer: Signer, batch: PendingBatch) -> None:
    network.store.put_object(batch.content)
    network.contract.reveal_batch(signer, batch.batch_root, batch.content_digest, batch.salt)


def _tidy(history: History, outbox: Outbox, head: int, expiry: int) -> None:
    """Let go of what the chain has for good, or no longer takes."""
    past = set()
    for held in outbox.held:
        on_chain = history.batches.get(held.commitment)
        if on_chain is None:
            continue
        if on_chain.opening is None:
            if _expired(on_chain, head, expiry):
                past.add(held.commitment)
        elif held == outbox.pending:
            outbox.release()
        elif head - on_chain.opening.position.block_number > BURIED:
            past.add(held.commitment)
    if past:
        outbox.forget(past)


def _undone(history: History, outbox: Outbox) -> PendingBatch | None:
    """Return the batch to go on with: one with a commitment on the chain first, since it stands in others' way."""
    states = [(batch, history.batches.get(batch.commitment)) for batch in outbox.held]
    waiting = [(on_chain is None, batch) for batch, on_chain in states if not (on_chain and on_chain.opening)]
    return min(waiting, key=lambda each: each[0], default=(False, None))[1]


def _expired(batch: CommittedBatch, head: int, expiry: int) -> bool:
    return head > batch.committed.block_number + expiry

"""Which revealed batches a block may list, and why a batch is void."""

from collections.abc import Collection, Mapping

from bema_py.core.batch import Batch, check_batch
from bema_py.core.errors import MalformedError
from bema_py.core.rules import Rules
from bema_py.core.types import Commitment, PartyId, hex0x
from bema_py.roles.assembly import ListedBatch
from bema_py.roles.content import load_batch
from bema_py.roles.history import CommittedBatch
from bema_py.storage.content_store import ContentStore


class VoidBatchError(MalformedError):
    """A batch's content is not what its reveal states, so no block may list it."""

    def __init__(self, commitment: Commitment, reason: str) -> None:
        """Keep the commitment and the reason."""
        super().__init__(f"batch {hex0x(commitment)} is void: {reason}")
        self.commitment, self.reason = commitment, reason


def load_listed(store: ContentStore, on_chain: CommittedBatch, rules: Rules) -> ListedBatch:
    """Fetch a revealed batch and check it (protocol, section 4.1); errors say if it is missing, damaged or void."""
    if on_chain.opening is None:
        raise VoidBatchError(on_chain.commitment, "it was never revealed")
    batch = load_batch(store, on_chain.opening.content_digest)
    check_batch(batch, rules)
    _check_opening(on_chain, batch)
    return ListedBatch(on_chain, batch)


def _check_opening(on_chain: CommittedBatch, batch: Batch) -> None:
    if batch.party != on_chain.party:
        reason = f"it names party {batch.party}, party {on_chain.party} committed it"
        raise VoidBatchError(on_chain.commitment, reason)
    if on_chain.opening is None or batch.root() != on_chain.opening.batch_root:
        raise VoidBatchError(on_chain.commitment, "its samples do not give the revealed batch root")


def revealed_before(batch: CommittedBatch, time: int) -> bool:
    """Whether a batch was revealed at a chain time strictly before `time`, in seconds."""
    return batch.opening is not None and batch.opening.position.time < time


def eligible(
    batches: Mapping[Commitment, CommittedBatch],
    members: Collection[PartyId],
    listed: Collection[Commitment],
    before: int,
) -> tuple[CommittedBatch, ...]:
    """Return the batches a block submitted at chain time `before` may list, in order of commitment."""
    return tuple(
        batch
        for batch in sorted(batches.values(), key=lambda batch: batch.committed)
        if batch.party in members and batch.commitment not in listed and revealed_before(batch, before)
    )

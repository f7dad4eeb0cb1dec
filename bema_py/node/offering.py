"""How a party's node offers calibration samples: one batch for each block, found, committed to and revealed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bema_py.chain.signers import Signer
from bema_py.core.batch import Sample
from bema_py.core.errors import PolicyError
from bema_py.core.types import BlockHash, PartyId, hex0x
from bema_py.learning.datasets import Dataset
from bema_py.node.desk import Desk
from bema_py.node.loop import BlockedError
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.roles.outbox import Outbox
from bema_py.roles.sample_miner import (
    PublicationPolicy,
    choose_scan,
    commit,
    find_samples,
    open_commitment,
    prepare_batch,
    settle,
)


@dataclass(frozen=True)
class OfferPlan:
    """How many samples a batch has at most, how many records are looked through for it, and with which seed."""

    samples: int
    scan: int
    seed: int


@dataclass
class Offering:
    """Finds samples at every new tip and offers them, as far as the profile allows."""

    desk: Desk
    signer: Signer
    outbox: Outbox
    private: Callable[[], Dataset]
    policy: PublicationPolicy
    plan: OfferPlan
    _records: Dataset | None = field(default=None, init=False)
    _tip: BlockHash | None = field(default=None, init=False)
    _looked: int = field(default=0, init=False)

    def step(self, history: History, ledger: Ledger, party: PartyId) -> str:
        """Go one step towards the next revealed batch; return what is waited for."""
        desk = self.desk
        self._count(ledger, party)
        self._alone(history, party)
        pending = self.outbox.pending
        if not settle(desk.network, history, self.signer, self.outbox):
            return "an Ethereum block after the commitment"
        if pending is not None:
            desk.log.info("batch revealed or let go", commitment=hex0x(pending.commitment))
            return "a block"
        height = ledger.height + 1
        if party not in {author.party for author in history.authors_at(height)}:
            return "a block that makes it a member"
        tip, since = history.parent_of(height)
        own = (batch.opening for batch in history.batches.values() if batch.party == party)
        if any(opening is not None and opening.position > since for opening in own):
            return "a block that judges its batch"
        if self._tip != tip:
            self._tip, self._looked = tip, 0
        return self._offer(history, ledger, party)

    def _alone(self, history: History, party: PartyId) -> None:
        """Raise BlockedError where the account has an open commitment that this node did not make."""
        network = self.desk.network
        expiry = network.deployment.parameters.commitment_expiry
        head = network.contract.chain.head().number
        foreign = open_commitment(history, party, head, expiry)
        if foreign is not None and foreign.commitment not in {each.commitment for each in self.outbox.held}:
            raise BlockedError(
                f"commitment {hex0x(foreign.commitment)} of this account is not in {self.outbox.path}, so another "
                f"process works with the same key, or the state was lost: stop the other one, or restore the state; "
                f"the commitment expires with Ethereum block {foreign.committed.block_number + expiry}, now {head}"
            )

    def _offer(self, history: History, ledger: Ledger, party: PartyId) -> str:
        try:
            self.policy.admit(len(self.outbox.offered), 1)
        except PolicyError as error:
            return f"another profile: {error}"
        part = self._part(ledger)
        if not len(part):
            return "another block: none of its records is valid at this one"
        samples = self._find(history, ledger, part)
        if not samples:
            self._looked += len(part)
            return "its turn to look through more records"
        pending = prepare_batch(self.desk.network, party, samples)
        commit(self.desk.network, self.signer, self.outbox, pending, self.policy)
        self.desk.log.info("batch committed", commitment=hex0x(pending.commitment), samples=len(samples))
        return "an Ethereum block after the commitment"

    def _part(self, ledger: Ledger) -> Dataset:
        """Return the records to look through next at this tip."""
        if self._records is None:
            self._records = self.private()
        seed, count = self.plan.seed, self.plan.scan
        return choose_scan(self._records, self.outbox, seed, count, height=ledger.height, start=self._looked)

    def _find(self, history: History, ledger: Ledger, part: Dataset) -> tuple[Sample, ...]:
        left = self.policy.budget - len(self.outbox.offered)
        limit = min(self.plan.samples, left, self.desk.network.rules.max_batch_samples)
        return find_samples(self.desk.network, history, ledger, part, limit, self.desk.on_progress)

    def _count(self, ledger: Ledger, party: PartyId) -> None:
        offered = len(self.outbox.offered)
        self.desk.figures.offered.set(offered)
        self.desk.figures.used.set(sum(1 for leaf in ledger.used.values() if leaf.owner == party))
        self.desk.health.count(samples=offered)

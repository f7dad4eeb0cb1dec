"""How a party's node offers calibration samples: one batch for each block, found, committed to and revealed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bema_py.chain.signers import Signer
from bema_py.core.batch import Sample
from bema_py.core.errors import PolicyError
from bema_py.core.types import BlockHash, PartyId, hex0x
from bema_py.learning.datasets import Dataset
from bema_py.node.desk import Desk
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.roles.outbox import Outbox
from bema_py.roles.sample_miner import (
    PublicationPolicy,
    choose_scan,
    commit,
    find_samples,
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
    _looked_at: BlockHash | None = field(default=None, init=False)

    def step(self, history: History, ledger: Ledger, party: PartyId) -> str:
        """Go one step towards the next revealed batch; return what is waited for."""
        desk = self.desk
        self._count(ledger, party)
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
        if self._looked_at == tip:
            return "another block: nothing among the records looked through was valid at this one"
        return self._offer(history, ledger, party, tip)

    def _offer(self, history: History, ledger: Ledger, party: PartyId, tip: BlockHash) -> str:
        try:
            self.policy.admit(len(self.outbox.offered), 1)
        except PolicyError as error:
            return f"another profile: {error}"
        samples = self._find(history, ledger)
        if not samples:
            self._looked_at = tip
            return "another block: nothing among the records looked through was valid at this one"
        pending = prepare_batch(self.desk.network, party, samples)
        commit(self.desk.network, self.signer, self.outbox, pending, self.policy)
        self.desk.log.info("batch committed", commitment=hex0x(pending.commitment), samples=len(samples))
        return "an Ethereum block after the commitment"

    def _find(self, history: History, ledger: Ledger) -> tuple[Sample, ...]:
        if self._records is None:
            self._records = self.private()
        left = self.policy.budget - len(self.outbox.offered)
        limit = min(self.plan.samples, left, self.desk.network.rules.max_batch_samples)
        part = choose_scan(self._records, self.outbox, self.plan.seed, self.plan.scan, ledger.height)
        return find_samples(self.desk.network, history, ledger, part, limit, self.desk.on_progress)

    def _count(self, ledger: Ledger, party: PartyId) -> None:
        offered = len(self.outbox.offered)
        self.desk.figures.offered.set(offered)
        self.desk.figures.used.set(sum(1 for leaf in ledger.used.values() if leaf.owner == party))
        self.desk.health.count(samples=offered)

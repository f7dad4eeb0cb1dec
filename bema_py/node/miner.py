"""A miner's node: builds blocks in competition with others, and starts over when another's comes first."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bema_py.chain.signers import Signer
from bema_py.core.types import BlockHash, hex0x
from bema_py.node.desk import Desk
from bema_py.node.earnings import Earnings
from bema_py.roles.batches import eligible
from bema_py.roles.block_miner import BlockMiner, Draft, StaleBlockError
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.roles.network import TipRefusedError

LOOK_AT_TIP = 1.0
"""Seconds of searching between two looks at the tip."""


@dataclass(frozen=True)
class MiningPlan:
    """How long a miner waits for more batches after the first, and without any until an empty block; chain seconds.

    With `empty_after` 0 an empty block is mined only to let newcomers in.
    """

    gather: int = 0
    empty_after: int = 0


@dataclass
class MinerWorker:
    """A miner. It builds on nothing that it has not recomputed, and publishes a block's content before it submits."""

    desk: Desk
    signer: Signer
    miner: BlockMiner
    earnings: Earnings
    plan: MiningPlan
    clock: Callable[[], float] = time.monotonic
    _looked: float = field(default=0.0, init=False)

    def step(self) -> str:
        """Verify the tip and, where something waits for a block, mine one."""
        history = self.desk.read()
        if history.genesis is None:
            return "the founders' registrations"
        self.earnings.collect(history)
        own = [block for block in history.blocks if block.miner == self.signer.address]
        self.desk.figures.mined.set(len(own))
        try:
            ledger = self.miner.follower.catch_up(history, self.miner.own, progress=self.desk.on_progress)
        except TipRefusedError as error:
            self.desk.followed(history, error.height - 1)
            return f"the founders' decision: {error}"
        self.desk.followed(history, ledger.height)
        waits_for = self._waits_for(history, ledger)
        return waits_for if waits_for else self._mine()

    def _waits_for(self, history: History, ledger: Ledger) -> str:
        """Return what must happen before the next block is worth its work; nothing if it is."""
        height = ledger.height + 1
        _, since = history.parent_of(height)
        if any(party.registered > since for party in history.parties.values()):
            return ""
        chain = self.desk.network.contract.chain
        head = chain.head()
        if self.plan.empty_after and head.timestamp - since.time >= self.plan.empty_after:
            return ""
        authors = {party.party for party in history.authors_at(height)}
        confirmed = chain.block_time(max(head.number - self.miner.confirmations + 1, 0))
        waiting = eligible(history.batches, authors, ledger.listed, confirmed)
        oldest = min((batch.opening.position.time for batch in waiting if batch.opening), default=None)
        if oldest is None:
            return "a revealed batch"
        if head.timestamp - oldest < self.plan.gather:
            return "more batches before the next block"
        return ""

    def _mine(self) -> str:
        draft = self.miner.draft(self.desk.on_progress)
        body = draft.assembled.body
        if not body.batches and draft.left_out and not self._owed_empty(draft):
            reasons = "; ".join(draft.left_out.values())
            return f"batches that can be listed: {reasons}"
        self.desk.log.info("searching", height=body.height, batches=len(body.batches), used=len(body.samples))
        try:
            mined = self.miner.seal(
                draft,
                on_hashes=lambda _tries: self._keep_searching(body.height, body.parent),
                first_nonce=secrets.randbits(62),
            )
        except StaleBlockError as error:
            self.desk.figures.races.labels("search").inc()
            self.desk.log.info("another block came first", height=error.height)
            return "the next block"
        self.desk.log.info(
            "block mined", height=body.height, hash=hex0x(mined.header.hash()), used=len(body.samples)
        )
        return "the next revealed batch"

    def _owed_empty(self, draft: Draft) -> bool:
        """Whether a block without batches is worth mining: it lets newcomers in, or enough time has passed."""
        _, since = draft.history.parent_of(draft.assembled.body.height)
        newcomers = any(party.registered > since for party in draft.history.parties.values())
        now = self.desk.network.contract.chain.head().timestamp
        return newcomers or bool(self.plan.empty_after and now - since.time >= self.plan.empty_after)

    def _keep_searching(self, height: int, parent: BlockHash) -> None:
        """Look at the tip now and then; raises StaleBlockError where another block came first."""
        self.desk.on_progress("search", 0, 0)
        if self.clock() - self._looked < LOOK_AT_TIP:
            return
        self._looked = self.clock()
        if self.desk.network.contract.tip().block_hash != parent:
            raise StaleBlockError(height)

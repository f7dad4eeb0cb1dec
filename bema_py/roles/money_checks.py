"""Checks of every payment: what came into the pool, bonds, claims and withdrawals, all in wei."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import (
    BlockRejected,
    BlockSubmitted,
    BondReturned,
    Event,
    PoolFunded,
    RewardClaimed,
    RewardWithdrawn,
)
from bema_py.core.leaves import RewardLeaf
from bema_py.core.types import Address, BlockHash, hex0x
from bema_py.roles.checks import Check, CheckBook, Place
from bema_py.roles.content import load_body
from bema_py.roles.history import History, OrphanedBlock
from bema_py.storage.content_store import ContentStore


@dataclass
class Accounts:
    """The contract's money as its events tell it; `balance` is what it must hold."""

    book: CheckBook
    deployment: Deployment
    history: History
    store: ContentStore
    funded: int = 0
    slashed: int = 0
    bonds: int = 0
    returned: set[BlockHash] = field(default_factory=set)
    claimed: dict[Address, int] = field(default_factory=dict)
    withdrawn: dict[Address, int] = field(default_factory=dict)
    finalised: int = 0

    def take(self, event: Event) -> None:
        """Check one event and book it."""
        match event:
            case PoolFunded():
                self._fund(event)
            case BlockSubmitted():
                self.bonds += self.deployment.parameters.bond
            case BlockRejected():
                self.slashed += self.deployment.parameters.bond
            case BondReturned():
                self._return(event)
            case RewardClaimed():
                self._claim(event)
            case RewardWithdrawn():
                self._withdraw(event)

    def summary(self) -> dict[str, int]:
        """Return the figures after the last event, in wei."""
        held = self.bonds - self.slashed - len(self.returned) * self.deployment.parameters.bond
        paid = sum(self.withdrawn.values())
        return {
            "funded": self.funded,
            "slashed": self.slashed,
            "bonds_held": held,
            "claimed": sum(self.claimed.values()),
            "withdrawn": paid,
            "balance": held + self.funded - paid,
        }

    def _fund(self, event: PoolFunded) -> None:
        self.book.expect(
            Check.FUNDING,
            event.funded == self.funded + event.amount,
            f"{event.amount} came to {self.funded} and the event states {event.funded}",
        )
        self.funded = event.funded

    def _return(self, event: BondReturned) -> None:
        block, orphan = self._find(event.block_hash)
        bond = self.deployment.parameters.bond
        free = block is not None and (
            (orphan is None and self._final(block, event.position.time))
            or (orphan is not None and not orphan.rejected and orphan.rejection.position < event.position)
        )
        self.book.expect(
            Check.BONDS,
            block is not None
            and free
            and event.block_hash not in self.returned
            and (event.miner, event.amount) == (block.miner, bond),
            f"{event.amount} was returned to {hex0x(event.miner)} for block {hex0x(event.block_hash)}, which frees no "
            f"bond of {bond} to it",
            Place(block=block.height if block else None),
        )
        self.returned.add(event.block_hash)

    def _claim(self, event: RewardClaimed) -> None:
        block, orphan = self._find(event.block_hash)
        before = self.claimed.get(event.account, 0)
        self.claimed[event.account] = event.cumulative
        place = Place(block=block.height if block else None)
        if block is None or orphan or not self._payable(block, event):
            message = f"account {hex0x(event.account)} claimed against a block that does not pay it"
            self.book.expect(Check.CLAIMS, False, message, place)
            return
        self.finalised = max(self.finalised, block.height)
        cap = self.deployment.parameters.max_reward_per_block * self.finalised
        total = sum(self.claimed.values())
        self.book.expect(
            Check.CLAIMS,
            event.amount == event.cumulative - before > 0 and total <= min(cap, self.funded),
            f"account {hex0x(event.account)} claimed {event.amount} after {before}; {total} in all, the pool had "
            f"{self.funded}, the cap is {cap}",
            place,
        )
        with self.book.reading(Check.CLAIMS, place):
            body = load_body(self.store, block.body_digest)
            self.book.expect(
                Check.CLAIMS,
                RewardLeaf(event.account, event.cumulative) in body.rewards,
                f"block {block.height} has no leaf that allots {event.cumulative} to {hex0x(event.account)}",
                place,
            )

    def _withdraw(self, event: RewardWithdrawn) -> None:
        owed = self.claimed.get(event.account, 0) - self.withdrawn.get(event.account, 0)
        self.book.expect(
            Check.WITHDRAWALS,
            event.amount == owed > 0,
            f"account {hex0x(event.account)} took out {event.amount}, owed were {owed}",
        )
        self.withdrawn[event.account] = self.withdrawn.get(event.account, 0) + event.amount

    def _payable(self, block: BlockSubmitted, event: RewardClaimed) -> bool:
        party = self.history.party_of(event.account)
        suspension = self.history.suspensions.get(party.party) if party else None
        barred = (
            suspension is not None
            and suspension.position < event.position
            and block.position.time >= suspension.position.time
        )
        return self._final(block, event.position.time) and not barred

    def _final(self, block: BlockSubmitted, time: int) -> bool:
        return time > block.position.time + self.deployment.parameters.challenge_window

    def _find(self, block_hash: BlockHash) -> tuple[BlockSubmitted | None, OrphanedBlock | None]:
        for block in self.history.blocks:
            if block.block_hash == block_hash:
                return block, None
        for orphan in self.history.orphans:
            if orphan.event.block_hash == block_hash:
                return orphan.event, orphan
        return None, None


def check_money(
    book: CheckBook, deployment: Deployment, history: History, store: ContentStore, events: Sequence[Event]
) -> dict[str, int]:
    """Book every event that moves money; returns the figures that result, in wei."""
    accounts = Accounts(book, deployment, history, store)
    for event in events:
        accounts.take(event)
    return accounts.summary()

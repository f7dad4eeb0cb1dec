"""Checks of what original parties, or proofs, decided: suspensions and rejections."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import (
    BatchCommitted,
    BatchRevealed,
    BlockRejected,
    BlockSubmitted,
    Event,
    Fraud,
    PartySuspended,
    PoolFunded,
)
from bema_py.chain.votes import Motion, Rejection, Suspension, recover_voter
from bema_py.core.errors import BemaError
from bema_py.core.header import BlockHeader
from bema_py.core.types import Address, PartyId, hex0x
from bema_py.roles.checks import Check, CheckBook, Place
from bema_py.roles.history import History

NO_REASON = bytes(32)


@dataclass
class DecisionReplay:
    """The chain and the suspended accounts as the contract must have seen them, while events are replayed."""

    book: CheckBook
    deployment: Deployment
    history: History
    chain: list[BlockSubmitted] = field(default_factory=list)
    suspended: set[Address] = field(default_factory=set)

    def suspend(self, event: PartySuspended) -> None:
        """Check a suspension's signatures, deadline and subject."""
        fault = self._fault_of_suspension(event)
        place = Place(party=event.party)
        self.book.expect(Check.SUSPENSION, fault is None, f"the suspension does not hold: {fault}", place)
        self.suspended.add(event.account)

    def act(self, event: BatchCommitted | BatchRevealed) -> None:
        """Check that whoever commits or reveals is not suspended."""
        account = self._account(event.party)
        self.book.expect(
            Check.SUSPENSION,
            account not in self.suspended,
            f"party {event.party} was suspended before its {type(event).__name__}",
            Place(party=event.party),
        )

    def reject(self, event: BlockRejected, before: Event | None) -> None:
        """Check a rejection; `before` is the event that precedes it, where the slashed bond must be."""
        fault = self._fault_of_rejection(event, before)
        place = Place(block=event.height)
        self.book.expect(Check.REJECTION, fault is None, f"the rejection does not hold: {fault}", place)
        hashes = [block.block_hash for block in self.chain]
        if event.block_hash in hashes:
            del self.chain[hashes.index(event.block_hash) :]

    def _fault_of_suspension(self, event: PartySuspended) -> str | None:
        party = self.history.parties.get(event.party)
        if party is None or party.account != event.account or party.registered > event.position:
            return f"account {hex0x(event.account)} is not party {event.party}"
        if event.account in self.suspended:
            return "the party was suspended before"
        if event.position.time > event.deadline:
            return f"its deadline {event.deadline} lies before {event.position.time}"
        founders = {founder.account for founder in self.deployment.founders}
        remaining = len(founders - self.suspended - {event.account})
        if event.account in founders and remaining < self.deployment.parameters.quorum:
            return f"only {remaining} founders remain"
        return self._fault_of_votes(Suspension(event.account, event.reason, event.deadline), event.signatures)

    def _fault_of_rejection(self, event: BlockRejected, before: Event | None) -> str | None:
        block = self.chain[event.height - 1] if 0 < event.height <= len(self.chain) else None
        if block is None or block.block_hash != event.block_hash:
            return f"block {event.height} of the chain is not {hex0x(event.block_hash)}"
        if event.position.time > block.position.time + self.deployment.parameters.challenge_window:
            return f"the challenge window of a block of {block.position.time} was closed at {event.position.time}"
        if event.tip != BlockHeader.decode(block.header).parent:
            return f"its parent is not {hex0x(event.tip)}"
        if not self._slashes(before, block, event):
            return "the bond did not go to the pool with it"
        if event.fraud == Fraud.NONE:
            return self._fault_of_votes(Rejection(event.block_hash, event.reason), event.signatures)
        if event.reason != NO_REASON or event.signatures:
            return "a proof of fraud needs no reason and no signatures"
        return None if event.fraud in set(Fraud) else f"there is no fraud of number {event.fraud}"

    def _slashes(self, before: Event | None, block: BlockSubmitted, rejection: BlockRejected) -> bool:
        return (
            isinstance(before, PoolFunded)
            and before.position.transaction_hash == rejection.position.transaction_hash
            and (before.from_, before.amount) == (block.miner, self.deployment.parameters.bond)
        )

    def _fault_of_votes(self, motion: Motion, signatures: Sequence[bytes]) -> str | None:
        founders = {founder.account for founder in self.deployment.founders}
        quorum = self.deployment.parameters.quorum
        if motion.reason == NO_REASON:
            return "it states no reason"
        if len(signatures) < quorum:
            return f"{len(signatures)} signatures, a quorum is {quorum}"
        previous = Address(b"")
        for signature in signatures:
            try:
                voter = recover_voter(self.deployment.chain_id, self.deployment.address, motion, signature)
            except BemaError as error:
                return str(error)
            if voter not in founders or voter in self.suspended:
                return f"{hex0x(voter)} has no vote"
            if voter <= previous:
                return "its signers do not ascend"
            previous = voter
        return None

    def _account(self, party: PartyId) -> Address | None:
        entry = self.history.parties.get(party)
        return entry.account if entry else None


def check_decisions(
    book: CheckBook, deployment: Deployment, history: History, events: Sequence[Event]
) -> None:
    """Check every suspension and rejection, and that a suspended party does nothing more."""
    replay = DecisionReplay(book, deployment, history)
    before: Event | None = None
    for event in events:
        match event:
            case PartySuspended():
                replay.suspend(event)
            case BatchCommitted() | BatchRevealed():
                replay.act(event)
            case BlockSubmitted():
                replay.chain.append(event)
            case BlockRejected():
                with book.reading(Check.REJECTION, Place(block=event.height)):
                    replay.reject(event, before)
        before = event

"""Checks of sample commitments: every reveal matches its party's open commitment, at a permitted time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bema_py.chain.commitments import batch_commitment
from bema_py.chain.deployment import Deployment
from bema_py.chain.events import BatchCommitted, BatchRevealed, Event
from bema_py.core.types import Commitment, PartyId, hex0x
from bema_py.roles.checks import Check, CheckBook, Place


@dataclass
class CommitmentReplay:
    """The open commitments as the contract must have seen them, while events are replayed."""

    book: CheckBook
    deployment: Deployment
    open: dict[PartyId, BatchCommitted] = field(default_factory=dict)
    revealed: set[Commitment] = field(default_factory=set)

    def commit(self, event: BatchCommitted) -> None:
        """Check that the party had no other live commitment open, and that the batch was not revealed before."""
        earlier = self.open.get(event.party)
        self.book.expect(
            Check.REVEAL,
            earlier is None or self._waited(earlier, event) > self.deployment.parameters.commitment_expiry,
            f"batch {hex0x(event.commitment)} was committed while another commitment was open",
            Place(party=event.party),
        )
        self.book.expect(
            Check.REVEAL,
            event.commitment not in self.revealed,
            f"batch {hex0x(event.commitment)} was committed after it had been revealed",
            Place(party=event.party),
        )
        self.open[event.party] = event

    def reveal(self, event: BatchRevealed) -> None:
        """Check the reveal's hash against the open commitment, and its time."""
        place = Place(party=event.party)
        committed = self.open.pop(event.party, None)
        stated = committed.commitment if committed else b""
        expected = batch_commitment(
            self.deployment.chain_id,
            self.deployment.address,
            event.party,
            event.batch_root,
            event.content_digest,
            event.salt,
        )
        self.book.expect(
            Check.COMMITMENT,
            stated == event.commitment == expected and event.commitment not in self.revealed,
            f"batch {hex0x(event.commitment)} was committed as {hex0x(stated)}, recomputed {hex0x(expected)}",
            place,
        )
        self.revealed.add(event.commitment)
        if committed:
            waited = self._waited(committed, event)
            expiry = self.deployment.parameters.commitment_expiry
            self.book.expect(
                Check.REVEAL,
                1 <= waited <= expiry,
                f"revealed {waited} Ethereum blocks after the commitment, allowed are 1 to {expiry}",
                place,
            )

    @staticmethod
    def _waited(earlier: BatchCommitted, later: BatchCommitted | BatchRevealed) -> int:
        return later.position.block_number - earlier.position.block_number


def check_commitments(book: CheckBook, deployment: Deployment, events: Sequence[Event]) -> None:
    """Match every reveal with its party's open commitment and recompute the hash."""
    replay = CommitmentReplay(book, deployment)
    for event in events:
        if isinstance(event, BatchCommitted):
            replay.commit(event)
        elif isinstance(event, BatchRevealed):
            replay.reveal(event)

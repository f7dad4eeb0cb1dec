"""Replays a contract's events, in chain order, into what they say happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bema_py.chain.events import (
    BatchCommitted,
    BatchRevealed,
    BlockRejected,
    BlockSubmitted,
    BondReturned,
    Event,
    EventPosition,
    GenesisClosed,
    OriginalPartyRegistered,
    PartySuspended,
    PoolFunded,
    RegularPartyRegistered,
    RewardClaimed,
)
from bema_py.core.types import Address, BlockHash, Commitment, PartyId, PartyType
from bema_py.roles.history import CommittedBatch, History, OrphanedBlock, RegisteredParty


@dataclass
class _Replay:
    """The history so far; it believes what the contract enforces and checks nothing."""

    genesis: GenesisClosed | None = None
    parties: dict[PartyId, RegisteredParty] = field(default_factory=dict)
    batches: dict[Commitment, CommittedBatch] = field(default_factory=dict)
    latest: dict[PartyId, BatchCommitted | BatchRevealed] = field(default_factory=dict)
    blocks: list[BlockSubmitted] = field(default_factory=list)
    orphans: list[OrphanedBlock] = field(default_factory=list)
    suspensions: dict[PartyId, PartySuspended] = field(default_factory=dict)
    funding: list[PoolFunded] = field(default_factory=list)
    returned: set[BlockHash] = field(default_factory=set)
    claimed: dict[Address, int] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        match event:
            case OriginalPartyRegistered() | RegularPartyRegistered() | PartySuspended():
                self._take_party(event)
            case BatchCommitted() | BatchRevealed():
                self._take_batch(event)
            case GenesisClosed():
                self.genesis = event
            case BlockSubmitted():
                self.blocks.append(event)
            case BlockRejected():
                self._roll_back(event)
            case PoolFunded():
                self.funding.append(event)
            case BondReturned():
                self.returned.add(event.block_hash)
            case RewardClaimed():
                self.claimed[event.account] = event.cumulative

    def _take_party(self, event: OriginalPartyRegistered | RegularPartyRegistered | PartySuspended) -> None:
        if isinstance(event, PartySuspended):
            self.suspensions.setdefault(event.party, event)
        else:
            self.parties[event.party] = _registered(event)

    def _take_batch(self, event: BatchCommitted | BatchRevealed) -> None:
        """Take a batch; who copies another party's commitment neither takes it over nor makes it later than it was."""
        earlier = self.batches.get(event.commitment)
        if isinstance(event, BatchRevealed):
            committed = self.latest.get(event.party, event).position
            self.batches[event.commitment] = CommittedBatch(event.commitment, event.party, committed, event)
            return
        self.latest[event.party] = event
        if earlier is None or earlier.opening is None:
            self.batches[event.commitment] = CommittedBatch(event.commitment, event.party, event.position)

    def _roll_back(self, event: BlockRejected) -> None:
        """Take the rejected block and all above it off the chain; a rejection of no block of it changes nothing."""
        names = [block.block_hash for block in self.blocks]
        if event.block_hash not in names:
            return
        first = names.index(event.block_hash)
        self.orphans += [
            OrphanedBlock(block, event, tuple(self.blocks[:height]))
            for height, block in enumerate(self.blocks[first:], start=first)
        ]
        del self.blocks[first:]

    def history(self) -> History:
        """Give what happened so far; what is taken later does not change it."""
        return History(
            genesis=self.genesis,
            parties=dict(self.parties),
            batches=dict(self.batches),
            blocks=tuple(self.blocks),
            orphans=tuple(self.orphans),
            suspensions=dict(self.suspensions),
            funding=tuple(self.funding),
            returned=frozenset(self.returned),
            claimed=dict(self.claimed),
        )


@dataclass
class RunningReplay:
    """A replay of a growing chain, which goes on behind the last event that it took as long as the chain has that."""

    _replay: _Replay = field(default_factory=_Replay)
    _taken: int = 0
    _last: EventPosition | None = None

    def follow(self, events: Sequence[Event]) -> History:
        """Replay every event that the chain has now, in order, from the first one on; only new ones cost time."""
        if self._taken and not self._still_there(events):
            self._replay, self._taken = _Replay(), 0
        for event in events[self._taken :]:
            self._replay.take(event)
            self._taken, self._last = self._taken + 1, event.position
        return self._replay.history()

    def _still_there(self, events: Sequence[Event]) -> bool:
        """Compare one position: it names its Ethereum block, and that one all before it."""
        return len(events) >= self._taken and events[self._taken - 1].position == self._last


def replay(events: Iterable[Event]) -> History:
    """Replay events in chain order.

    It believes what the contract enforces and checks nothing; that is the auditor's part.
    """
    return RunningReplay().follow(tuple(events))


def _registered(event: OriginalPartyRegistered | RegularPartyRegistered) -> RegisteredParty:
    original = isinstance(event, OriginalPartyRegistered)
    return RegisteredParty(
        party=event.party,
        account=event.account,
        party_type=PartyType.ORIGINAL if original else PartyType.REGULAR,
        model_card=event.model_card,
        held_classes=event.held_classes,
        label_space=event.label_space,
        approvals=() if isinstance(event, OriginalPartyRegistered) else event.approvals,
        registered=event.position,
    )

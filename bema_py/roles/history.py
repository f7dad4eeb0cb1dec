"""What the contract's events say happened, replayed in order: parties, batches, blocks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bema_py.chain.events import (
    ApprovalOnRecord,
    ApprovalRevoked,
    BatchCommitted,
    BatchRevealed,
    BlockSubmitted,
    Event,
    EventPosition,
    GenesisClosed,
    OriginalPartyRegistered,
    RegularPartyRegistered,
)
from bema_py.core.types import (
    Address,
    BlockHash,
    Commitment,
    ModelDigest,
    PartyId,
    PartyType,
)


@dataclass(frozen=True)
class RegisteredParty:
    """A party as its registration event states it; class masks have bit y set for class y."""

    party: PartyId
    account: Address
    party_type: PartyType
    model_card: ModelDigest
    held_classes: int
    label_space: int
    approvals: tuple[ApprovalOnRecord, ...]
    registered: EventPosition


@dataclass(frozen=True)
class CommittedBatch:
    """A sample commitment and, once revealed, what it opened to."""

    commitment: Commitment
    party: PartyId
    committed: EventPosition
    opening: BatchRevealed | None = None


@dataclass(frozen=True)
class History:
    """The replayed events of one deployment, in chain order."""

    genesis: GenesisClosed | None = None
    parties: Mapping[PartyId, RegisteredParty] = field(default_factory=dict)
    batches: Mapping[Commitment, CommittedBatch] = field(default_factory=dict)
    blocks: tuple[BlockSubmitted, ...] = ()

    def party_of(self, account: Address) -> RegisteredParty | None:
        """Return the party registered by an account, if any."""
        return next((party for party in self.parties.values() if party.account == account), None)

    def party_type_of(self, account: Address, at: EventPosition | None = None) -> PartyType:
        """Return the kind of participant an account is, as miner info states it: now, or at an earlier position."""
        party = self.party_of(account)
        if party is None or (at is not None and party.registered > at):
            return PartyType.NEITHER
        return party.party_type

    def parent_of(self, height: int) -> tuple[BlockHash, EventPosition]:
        """Return the hash and position that block `height` builds on: block `height - 1`, or genesis for block 1."""
        if height > 1:
            parent = self.blocks[height - 2]
            return parent.block_hash, parent.position
        if self.genesis is None:
            raise ValueError("no block can build on an open genesis phase")
        return self.genesis.genesis_hash, self.genesis.position

    def members_at(self, height: int) -> tuple[RegisteredParty, ...]:
        """Return the members of block `height`, ascending by party id (protocol, section 3)."""
        _, snapshot = self.parent_of(height)
        return tuple(party for _, party in sorted(self.parties.items()) if party.registered <= snapshot)


def replay(events: Iterable[Event]) -> History:
    """Replay events in chain order.

    It believes what the contract enforces and checks nothing; that is the auditor's part.
    """
    genesis: GenesisClosed | None = None
    parties: dict[PartyId, RegisteredParty] = {}
    batches: dict[Commitment, CommittedBatch] = {}
    blocks: list[BlockSubmitted] = []
    for event in events:
        match event:
            case GenesisClosed():
                genesis = event
            case OriginalPartyRegistered() | RegularPartyRegistered():
                parties[event.party] = _registered(event)
            case BatchCommitted(party=party, commitment=commitment):
                batches[commitment] = CommittedBatch(commitment, party, event.position)
            case BatchRevealed(commitment=commitment, party=party):
                earlier = batches.get(commitment)
                committed = earlier.committed if earlier else event.position
                batches[commitment] = CommittedBatch(commitment, party, committed, event)
            case BlockSubmitted():
                blocks.append(event)
            case ApprovalRevoked():
                pass
    return History(genesis, parties, batches, tuple(blocks))


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


@dataclass(frozen=True)
class Ledger:
    """What the blocks up to a height have established.

    `models` maps every party with an update so far to its current model digest; `used` holds the sample ids that may
    not be used again; `listed` maps each commitment to the height that listed it.
    """

    height: int = 0
    models: Mapping[PartyId, ModelDigest] = field(default_factory=dict)
    used: frozenset[bytes] = frozenset()
    listed: Mapping[Commitment, int] = field(default_factory=dict)

    def model_of(self, party: RegisteredParty) -> ModelDigest:
        """Return a party's model digest after this height: its last update, or its registration."""
        return self.models.get(party.party, party.model_card)

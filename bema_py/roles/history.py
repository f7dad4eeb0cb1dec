"""What the contract's events say happened: parties, batches, the chain of blocks, what left it, money."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bema_py.chain.events import (
    BatchRevealed,
    BlockRejected,
    BlockSubmitted,
    EventPosition,
    GenesisClosed,
    PartySuspended,
    PoolFunded,
)
from bema_py.chain.packed_records import ApprovalOnRecord
from bema_py.core.difficulty import TargetRule, target_at
from bema_py.core.rules import Rules
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
class OrphanedBlock:
    """A block that left the chain: the rejection that took it off, of itself or an ancestor, and what it stood on."""

    event: BlockSubmitted
    rejection: BlockRejected
    ancestors: tuple[BlockSubmitted, ...]

    @property
    def rejected(self) -> bool:
        """Whether it was rejected itself, and its bond with it, rather than orphaned by an ancestor's rejection."""
        return self.rejection.block_hash == self.event.block_hash


@dataclass(frozen=True)
class History:
    """The replayed events of one deployment, in chain order.

    `blocks` is the chain as it stands. `returned` are the blocks whose bonds were paid back; `claimed` maps each
    account to all that it has claimed, in wei.
    """

    genesis: GenesisClosed | None = None
    parties: Mapping[PartyId, RegisteredParty] = field(default_factory=dict)
    batches: Mapping[Commitment, CommittedBatch] = field(default_factory=dict)
    blocks: tuple[BlockSubmitted, ...] = ()
    orphans: tuple[OrphanedBlock, ...] = ()
    suspensions: Mapping[PartyId, PartySuspended] = field(default_factory=dict)
    funding: tuple[PoolFunded, ...] = ()
    returned: frozenset[BlockHash] = frozenset()
    claimed: Mapping[Address, int] = field(default_factory=dict)

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

    def authors_at(self, height: int) -> tuple[RegisteredParty, ...]:
        """Return those whose samples and statements count in block `height`, ascending by party id."""
        _, snapshot = self.parent_of(height)
        return tuple(
            party for party in self._registered(snapshot) if not self.suspended(party.party, snapshot)
        )

    def members_at(self, height: int, rules: Rules) -> tuple[RegisteredParty, ...]:
        """Return those whose models take part in block `height`, ascending by party id (protocol, section 3)."""
        _, snapshot = self.parent_of(height)
        return tuple(
            party for party in self._registered(snapshot) if self.takes_part(party.party, rules, snapshot)
        )

    def takes_part(self, party: PartyId, rules: Rules, at: EventPosition | None = None) -> bool:
        """Whether a registered party's model judges, learns and predicts, now or at an earlier position."""
        return rules.suspended_models == "stay" or not self.suspended(party, at)

    def _registered(self, at: EventPosition) -> list[RegisteredParty]:
        return [party for _, party in sorted(self.parties.items()) if party.registered <= at]

    def suspended(self, party: PartyId, at: EventPosition | None = None) -> bool:
        """Whether a party is suspended, now or already at an earlier position."""
        suspension = self.suspensions.get(party)
        return suspension is not None and (at is None or suspension.position <= at)

    def funded_at(self, height: int) -> int:
        """Return all that had come into the pool, in wei, when block `height` was made the next one."""
        _, snapshot = self.parent_of(height)
        return max((event.funded for event in self.funding if event.position <= snapshot), default=0)

    def target_of(self, rule: TargetRule, height: int, time: int) -> int:
        """Return the target of block `height` submitted at a chain time in seconds."""
        opened = self.genesis.position.time if self.genesis else 0
        return target_at(rule, opened, [block.position.time for block in self.blocks[: height - 1]], time)

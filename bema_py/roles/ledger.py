"""What the blocks up to a height have established."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bema_py.core.block_body import BlockBody
from bema_py.core.leaves import SampleLeaf
from bema_py.core.types import Address, Commitment, ModelDigest, PartyId, SampleId
from bema_py.roles.history import RegisteredParty


@dataclass(frozen=True)
class Ledger:
    """What the blocks up to a height have established.

    `models` maps every party with an update so far to its current model digest; `used` maps the ids of the samples that
    may not be used again to their leaves; `listed` maps each commitment to the height that listed it; `rewards` maps
    each account to all that it was allotted, in wei.
    """

    height: int = 0
    models: Mapping[PartyId, ModelDigest] = field(default_factory=dict)
    used: Mapping[SampleId, SampleLeaf] = field(default_factory=dict)
    listed: Mapping[Commitment, int] = field(default_factory=dict)
    rewards: Mapping[Address, int] = field(default_factory=dict)

    @property
    def allotted(self) -> int:
        """All that blocks have allotted so far, in wei."""
        return sum(self.rewards.values())

    def model_of(self, party: RegisteredParty) -> ModelDigest:
        """Return a party's model digest after this height: its last update, or its registration."""
        return self.models.get(party.party, party.model_card)


def advance(ledger: Ledger, body: BlockBody) -> Ledger:
    """Return the ledger after a block, believing the block's claims but for its height: that is where it stands."""
    height = ledger.height + 1
    return Ledger(
        height=height,
        models={**ledger.models, **{update.party: update.new for update in body.updates}},
        used={**ledger.used, **{leaf.sample: leaf for leaf in body.samples}},
        listed={**ledger.listed, **dict.fromkeys(body.batches, height)},
        rewards={**ledger.rewards, **{leaf.account: leaf.cumulative for leaf in body.rewards}},
    )

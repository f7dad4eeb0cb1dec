"""A regular party's node: joins, offers samples, takes its rewards."""

from dataclasses import dataclass

from bema_py.chain.signers import Signer
from bema_py.node.desk import Desk
from bema_py.node.earnings import Earnings
from bema_py.node.joining import Joining
from bema_py.node.offering import Offering
from bema_py.roles.network import LedgerKeeper


@dataclass
class PartyWorker:
    """A regular party. It believes anchored bodies: who recomputes them are miners, founders and auditors."""

    desk: Desk
    signer: Signer
    joining: Joining
    offering: Offering
    earnings: Earnings
    keeper: LedgerKeeper

    def step(self) -> str:
        """Join, take money, offer samples: whatever can be done now."""
        history = self.desk.read()
        party = history.party_of(self.signer.address)
        if party is None:
            return self.joining.step()
        ledger = self.keeper.read(history)
        self.desk.followed(history, ledger.height)
        self.earnings.collect(history)
        if history.suspended(party.party):
            return "nothing any more: the party is suspended"
        return self.offering.step(history, ledger, party.party)

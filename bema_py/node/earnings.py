"""A node's money: rewards that final blocks allot are claimed and taken out, bonds that came free are taken back."""

from dataclasses import dataclass, field

from bema_py.chain.errors import ContractRevertError
from bema_py.chain.events import BlockSubmitted
from bema_py.chain.signers import Signer
from bema_py.core.errors import MalformedError
from bema_py.core.types import BlockHash, hex0x
from bema_py.node.desk import Desk
from bema_py.roles.history import History
from bema_py.roles.payment import claim, entitlement, final_blocks, withdraw_bonds
from bema_py.storage.content_store import ContentMissingError

Shape = tuple[BlockHash, int, int, int]


@dataclass
class Earnings:
    """Looks for money whenever another block became final or left the chain, or the chain took a payment back."""

    desk: Desk
    signer: Signer
    _seen: Shape | None = field(default=None, init=False)

    def collect(self, history: History) -> None:
        """Claim and take out what is due.

        What the contract refuses, as with an empty pool, and what misses its content waits for the next final block:
        nothing else a node does may wait for its money.
        """
        final = final_blocks(self.desk.network, history)
        if not final or self._seen == self._shape(final[-1], history):
            return
        try:
            self._bonds(history)
            self._rewards(history)
        except (ContractRevertError, ContentMissingError, MalformedError) as error:
            if isinstance(error, ContractRevertError):
                self.desk.figures.transactions.labels("refused").inc()
            self.desk.log.warning("not paid yet", reason=str(error))
        self._seen = self._shape(final[-1], history)

    def _shape(self, newest: BlockSubmitted, history: History) -> Shape:
        """Return what is compared to know whether there may be money to take."""
        claimed = history.claimed.get(self.signer.address, 0)
        return newest.block_hash, len(history.orphans), claimed, len(history.returned)

    def _bonds(self, history: History) -> None:
        blocks = withdraw_bonds(self.desk.network, history, self.signer)
        if blocks:
            self.desk.log.info("bonds taken back", blocks=[hex0x(block) for block in blocks])

    def _rewards(self, history: History) -> None:
        network, account, figures = self.desk.network, self.signer.address, self.desk.figures
        due = entitlement(network, history, account)
        if due is not None:
            figures.earned.set(due.cumulative)
            if due.cumulative > history.claimed.get(account, 0):
                made = claim(network, history, self.signer)
                self.desk.log.info("reward claimed", block=made.height, amount=str(made.amount))
        state = network.contract.rewards_of(account)
        figures.claimed.set(state.claimed)
        if state.claimed > state.withdrawn:
            paid = network.contract.withdraw(self.signer, account).event
            self.desk.log.info("reward taken out", amount=str(paid.amount))

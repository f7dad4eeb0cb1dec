"""What every role works with, and the figures that every role keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bema_py.chain.connection import Chain
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.signers import Signer
from bema_py.core.types import Address
from bema_py.node.condition import Health
from bema_py.node.figures import Figures
from bema_py.node.log import Log
from bema_py.node.stopping import StopSignal
from bema_py.roles.history import History
from bema_py.roles.network import Network

MODELS_EACH = 2
"""Models of each party that stay in memory: before and after the block that is looked at."""
SPARE_MODELS = 4
"""And some of newcomers."""


@dataclass(frozen=True)
class Desk:
    """The network as this node sees it, its state directory, and how it reports and is stopped."""

    network: Network
    state: Path
    figures: Figures
    health: Health
    log: Log
    stop: StopSignal

    def read(self) -> History:
        """Replay the network's events and keep the figures of where it stands."""
        history = self.network.history()
        head = self.network.contract.chain.head()
        figures = self.figures
        figures.head.set(head.number)
        figures.head_time.set(head.timestamp)
        figures.tip.set(len(history.blocks))
        figures.orphans.set(len(history.orphans))
        figures.parties.set(len(history.parties))
        if history.blocks:
            figures.tip_time.set(history.blocks[-1].position.time)
        self.health.count(height=len(history.blocks))
        self.network.models.make_room(MODELS_EACH * len(history.parties) + SPARE_MODELS)
        return history

    def followed(self, history: History, height: int) -> None:
        """Note up to which height the node has followed the chain."""
        self.figures.lag.set(len(history.blocks) - height)

    def on_progress(self, _stage: str, _done: int, _total: int) -> None:
        """Show that long work goes on, or end it where the node is to stop."""
        self.stop.check()
        self.health.beat()


@dataclass(frozen=True)
class CountedSigner:
    """A signer whose transactions are counted."""

    signer: Signer
    figures: Figures

    @property
    def address(self) -> Address:
        """The account."""
        return self.signer.address

    def send(self, chain: Chain, transaction: Mapping[str, Any]) -> EthereumHash:
        """Sign and send one transaction."""
        try:
            sent = self.signer.send(chain, transaction)
        except Exception:
            self.figures.transactions.labels("not sent").inc()
            raise
        self.figures.transactions.labels("sent").inc()
        return sent

    def sign_typed_data(self, message: Mapping[str, Any]) -> bytes:
        """Sign an EIP-712 message."""
        return self.signer.sign_typed_data(message)

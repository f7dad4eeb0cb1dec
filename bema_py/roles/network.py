"""What every role works on: the contract, its deployment record, the content store and the rules."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import takewhile

from bema_py.chain.contract import BemaContract
from bema_py.chain.deployment import Deployment
from bema_py.chain.event_index import EventIndex
from bema_py.chain.event_reader import read_events
from bema_py.chain.events import Event
from bema_py.core.block_body import BlockBody
from bema_py.core.errors import BemaError
from bema_py.core.rules import Rules
from bema_py.core.types import BlockHash, PartyId, hex0x
from bema_py.learning.model import Model
from bema_py.learning.progress import Progress
from bema_py.roles.block_audit import BlockAudit, Evidence, audit_block
from bema_py.roles.checks import Status
from bema_py.roles.content import ModelCache, load_body
from bema_py.roles.history import History
from bema_py.roles.kept_blocks import KeptBlocks
from bema_py.roles.ledger import Ledger, advance
from bema_py.roles.replay import RunningReplay
from bema_py.storage.content_store import ContentStore


@dataclass(frozen=True)
class Network:
    """One deployment as a participant sees it."""

    contract: BemaContract
    deployment: Deployment
    store: ContentStore
    rules: Rules
    models: ModelCache
    index: EventIndex | None = None
    """Where events are kept that were read before; without one every question reads the whole history."""
    _replay: RunningReplay = field(default_factory=RunningReplay, init=False, repr=False, compare=False)

    def events(self, progress: Progress | None = None) -> list[Event]:
        """Give every event since deployment, in chain order; `progress` hears of what is read into the index."""
        return self.contract.chain.together(lambda: self._events(progress))

    def _events(self, progress: Progress | None) -> list[Event]:
        if self.index is not None:
            self.index.update(progress)
            return self.index.events()
        chain = self.contract.chain
        first, last = self.deployment.block_number, chain.head().number
        return list(read_events(chain, self.contract.address, first, last))

    def history(self) -> History:
        """Replay every event since deployment, as far as they are new since the last call."""
        return self._replay.follow(self.events())


class TipRefusedError(BemaError):
    """A block that this participant must not build on: false, or without its body."""

    exit_code = 1

    def __init__(self, height: int, block_hash: BlockHash, reason: str, *, missing: bool = False) -> None:
        """Keep the block, the reason, and whether content is only missing, so that nothing is known to be false."""
        super().__init__(f"block {height} ({hex0x(block_hash)}) cannot be built on: {reason}")
        self.height, self.block_hash, self.reason = height, block_hash, reason
        self.missing = missing


def read_ledger(network: Network, history: History, height: int | None = None) -> Ledger:
    """Return the ledger at a height, else at the tip, believing every anchored body.

    Bodies are verified against their digests.
    """
    ledger = Ledger()
    for event in history.blocks[:height]:
        ledger = advance(ledger, load_body(network.store, event.body_digest))
    return ledger


def parent_models(network: Network, history: History, ledger: Ledger) -> dict[PartyId, Model]:
    """Load the models of the members of the next block."""
    members = history.members_at(ledger.height + 1, network.rules)
    return {party.party: network.models.load(ledger.model_of(party)) for party in members}


@dataclass
class LedgerKeeper:
    """Keeps the ledger of a growing chain at its tip.

    `followed` are the blocks that the ledger stands on; where the chain rolled back, the ledger does too.
    """

    network: Network
    ledger: Ledger = field(default_factory=Ledger)
    followed: list[BlockHash] = field(default_factory=list)

    def read(self, history: History) -> Ledger:
        """Follow the blocks since the last call, believing every anchored body."""
        self._roll_back(history)
        for event in history.blocks[self.ledger.height :]:
            self._follow(event.block_hash, load_body(self.network.store, event.body_digest))
        return self.ledger

    def _follow(self, block_hash: BlockHash, body: BlockBody) -> None:
        self.ledger = advance(self.ledger, body)
        self.followed.append(block_hash)

    def _roll_back(self, history: History) -> None:
        """Leave the blocks that are no longer on the chain; those below were followed before."""
        pairs = zip(self.followed, history.blocks, strict=False)
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1].block_hash, pairs))
        if common < len(self.followed):
            self.ledger = read_ledger(self.network, history, common)
            del self.followed[common:]


@dataclass
class ChainFollower(LedgerKeeper):
    """Keeps a miner's ledger at the tip and recomputes every block that it did not mine itself.

    Blocks that `kept` holds are not recomputed again after a restart.
    """

    kept: KeptBlocks | None = None

    def catch_up(
        self,
        history: History,
        own: Collection[BlockHash] = (),
        on_block: Callable[[BlockAudit], None] | None = None,
        progress: Progress | None = None,
    ) -> Ledger:
        """Follow the blocks since the last call; raises TipRefusedError at the first one not to build on."""
        network = self.network
        self._roll_back(history)
        evidence = Evidence(
            network.deployment, history, network.rules, network.store, network.models, self.kept
        )
        for event in history.blocks[self.ledger.height :]:
            if event.block_hash in own:
                self._follow(event.block_hash, load_body(network.store, event.body_digest))
                continue
            result = audit_block(evidence, self.ledger, event, progress)
            if result.body is None or not result.book.clean():
                raise _refused(result)
            self._follow(event.block_hash, result.body)
            if on_block:
                on_block(result)
        return self.ledger


def _refused(result: BlockAudit) -> TipRefusedError:
    """Name the first false finding, or without one the first that is missing."""
    false = [finding for finding in result.book.findings if finding.status is Status.FALSE]
    reason = (false or result.book.findings)[0].message
    event = result.event
    return TipRefusedError(event.height, event.block_hash, reason, missing=not false)

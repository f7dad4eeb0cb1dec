"""What stories are told from: the events of one deployment as far as they are known, and the content."""

from dataclasses import dataclass, replace

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import BlockSubmitted, Event
from bema_py.core.rules import Rules
from bema_py.roles.block_audit import Evidence
from bema_py.roles.content import ModelCache, load_body, load_rules
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger, advance
from bema_py.roles.network import Network
from bema_py.roles.replay import replay
from bema_py.roles.run_record import RunRecord
from bema_py.storage.content_store import ContentStore


@dataclass(frozen=True)
class Archive:
    """One deployment as it is known at `now`, in seconds of chain time.

    `live` says whether that is a chain's present; else it is the last event of an export.
    """

    deployment: Deployment
    events: tuple[Event, ...]
    history: History
    rules: Rules
    store: ContentStore
    models: ModelCache
    now: int
    live: bool

    @property
    def evidence(self) -> Evidence:
        """What an audit of the same record works from."""
        return Evidence(self.deployment, self.history, self.rules, self.store, self.models)

    def on_chain_of(self, blocks: tuple[BlockSubmitted, ...]) -> "Archive":
        """Give the archive as if the chain ended after these blocks."""
        return replace(self, history=replace(self.history, blocks=blocks))

    def ledger(self, blocks: tuple[BlockSubmitted, ...]) -> Ledger:
        """Return what a chain of these blocks established, believing their bodies; raises the store's errors."""
        ledger = Ledger()
        for event in blocks:
            ledger = advance(ledger, load_body(self.store, event.body_digest))
        return ledger


def archive_of_network(network: Network) -> Archive:
    """Read a live network."""
    # The time first: what is told of later events then only seems earlier, never final too soon.
    now = network.contract.chain.head().timestamp
    events = tuple(network.events())
    return Archive(
        network.deployment, events, replay(events), network.rules, network.store, network.models, now, True
    )


def archive_of_run(record: RunRecord) -> Archive:
    """Read a run directory; its time is that of its last event. Raises the store's errors."""
    rules = load_rules(record.store, record.deployment.rules_digest)
    now = record.events[-1].position.time if record.events else 0
    history, models = replay(record.events), ModelCache(record.store)
    return Archive(record.deployment, record.events, history, rules, record.store, models, now, live=False)

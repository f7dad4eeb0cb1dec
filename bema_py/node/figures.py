"""What a node counts, as Prometheus reads it."""

from functools import cached_property

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, generate_latest

from bema_py.node.condition import LoopState


class Figures:
    """A node's metrics, in a registry of their own so that several nodes can live in one process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry

        def gauge(name: str, meaning: str) -> Gauge:
            return Gauge(f"bema_{name}", meaning, registry=registry)

        def counter(name: str, meaning: str, label: str) -> Counter:
            return Counter(f"bema_{name}", meaning, [label], registry=registry)

        self._info = Gauge("bema_node", "1, with role and account", ["role", "account"], registry=registry)
        states = [str(state) for state in LoopState]
        self.state = Enum("bema_loop_state", "What the loop does", states=states, registry=registry)
        self.steps = counter("steps", "Steps of the loop", "outcome")
        self.transactions = counter("transactions", "Transactions and what became of them", "outcome")
        self.head = gauge("ethereum_head", "Number of the newest Ethereum block")
        self.head_time = gauge("ethereum_head_timestamp_seconds", "Time of the newest Ethereum block")
        self.tip = gauge("tip_height", "Height of the newest block of the chain of blocks")
        self.tip_time = gauge("tip_timestamp_seconds", "Chain time at which the newest block was submitted")
        self.lag = gauge("lag_blocks", "Blocks of the chain that this node has not yet followed")
        self.orphans = gauge("orphaned_blocks", "Blocks that left the chain")
        self.parties = gauge("parties", "Registered parties")
        self.offered = gauge("samples_committed", "Samples of this party that were committed to")
        self.used = gauge("samples_used", "Samples of this party that blocks used")
        self.mined = gauge("blocks_mined", "Blocks of the chain that this account mined")
        self.races = counter("races_lost", "Blocks given up because another came first", "stage")
        self.earned = gauge("reward_earned_wei", "All that final blocks allot to this account")
        self.claimed = gauge("reward_claimed_wei", "All that this account has claimed")
        self.requests = counter("registration_requests", "Registration requests answered", "outcome")
        self.votes = counter("votes", "Votes signed", "motion")
        self.statements = counter("statements", "Statements about batches (10b)", "outcome")

    def introduce(self, role: str, account: str) -> None:
        """State who the node is."""
        self._info.labels(role, account).set(1)

    @cached_property
    def clean(self) -> Gauge:
        """Whether the last audit was clean; only an auditor has it: a 0 that nobody set would be an alarm."""
        meaning = "1 if the last audit found nothing false and nothing missing"
        return Gauge("bema_audit_clean", meaning, registry=self._registry)

    @cached_property
    def findings(self) -> Gauge:
        """The last audit's findings by status."""
        return Gauge("bema_audit_findings", "Findings of the last audit", ["status"], registry=self._registry)

    @cached_property
    def audited(self) -> Gauge:
        """How many blocks the last audit recomputed."""
        return Gauge("bema_audited_blocks", "Blocks that the last audit recomputed", registry=self._registry)

    def text(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return bytes(generate_latest(self._registry))

"""Trouble for a local network, drawn from a seed: killed processes, a reorganised or restarted chain."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, TypeVar

from bema_py.chain.connection import Chain, connect
from bema_py.chain.errors import ChainError
from bema_py.core.types import hex0x
from bema_py.local.anvil import STATE
from bema_py.local.network import LocalNetwork
from bema_py.local.plan import PlannedNode
from bema_py.local.processes import CHAIN

T = TypeVar("T")
MOMENTS = ("at a random moment", "after a line of its log", "while its transaction waits for a block")
LONGEST_PATIENCE = 3.0
"""Seconds, drawn, before a moment is looked for."""
LONGEST_WAIT = 10.0
"""Seconds that a moment is waited for; then the node that the seed drew is killed as it is."""
LOOK = 0.02
DEEPEST = 8
"""Ethereum blocks that a reorganisation replaces at most."""
UNWRITTEN = 1.0
"""Seconds since anvil wrote its state, before it is killed: a file that it was writing could not be read again."""


@dataclass(frozen=True)
class Blow:
    """One piece of trouble: seconds since the storm began, what it was, whom it met, and at which moment."""

    at: float
    kind: str
    whom: str
    moment: str


@dataclass
class Storm:
    """Hits a network that runs. The same seed draws the same blows; when each lands, the machine decides."""

    network: LocalNetwork
    anvil: str
    random: Random
    blows: list[Blow] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def kill_one(self) -> None:
        """Kill a node without warning, at a moment and after a patience that the seed draws; start it again at once.

        Which node it is the seed draws as well, or the moment: the one that wrote a line, or that sent a transaction.
        """
        node, moment = self.random.choice(self.network.plan.nodes), self.random.choice(MOMENTS)
        patience = self.random.uniform(0, LONGEST_PATIENCE)
        time.sleep(patience)
        met = {MOMENTS[0]: lambda: node, MOMENTS[1]: self._next_line(), MOMENTS[2]: self._next_sender()}[
            moment
        ]
        found = self._wait(met)
        if found is None:
            found, moment = node, MOMENTS[0]
        self._kill(found, moment)
        self.network.start(found)

    def reorganise(self) -> None:
        """Replace the newest Ethereum blocks, at most eight, by empty ones."""
        depth = self.random.randint(1, DEEPEST)
        with self._chain() as chain:
            chain.request("anvil_reorg", [depth, []])
        self._note("reorganisation", CHAIN, f"{depth} deep")

    def restart_chain(self) -> None:
        """Kill the chain and start it again from the state that it saved some seconds ago."""
        state = self.network.directory / STATE
        self._wait(lambda: time.time() - state.stat().st_mtime > UNWRITTEN or None)
        entry = self.network.processes.running(CHAIN)
        process = entry.process() if entry else None
        if process is not None:
            process.kill()
            process.wait(LONGEST_WAIT)
        self.network.start_chain(self.anvil, 60.0, lambda _: None)
        self._note("restart", CHAIN, "from its saved state")

    def record(self) -> list[dict[str, Any]]:
        """Return every blow in plain form."""
        return [asdict(blow) for blow in self.blows]

    def count(self, kind: str) -> int:
        """Return how many blows of a kind there were."""
        return sum(1 for blow in self.blows if blow.kind == kind)

    def _note(self, kind: str, whom: str, moment: str) -> None:
        self.blows.append(Blow(round(time.monotonic() - self.began, 2), kind, whom, moment))

    def _kill(self, node: PlannedNode, moment: str) -> None:
        entry = self.network.processes.running(node.name)
        process = entry.process() if entry else None
        if process is None:
            self._note("found dead", node.name, self.network.processes.last_line(node.name))
            return
        process.kill()
        process.wait(LONGEST_WAIT)
        self._note("kill", node.name, moment)

    def _chain(self) -> Chain:
        return connect(self.network.plan.chain_url)

    def _next_line(self) -> Callable[[], PlannedNode | None]:
        """Return a question for the node that wrote to its log since now."""
        logs = [(node, self.network.processes.log_of(node.name)) for node in self.network.plan.nodes]
        sizes = [log.stat().st_size for _, log in logs]

        def wrote() -> PlannedNode | None:
            pairs = zip(logs, sizes, strict=True)
            return next((node for (node, log), size in pairs if log.stat().st_size > size), None)

        return wrote

    def _next_sender(self) -> Callable[[], PlannedNode | None]:
        """Return a question for a node whose transaction waits for a block."""
        with self._chain() as chain:
            numbers = {hex0x(account): number for number, account in enumerate(chain.accounts())}
        nodes = {node.number: node for node in self.network.plan.nodes}

        def sending() -> PlannedNode | None:
            with suppress(ChainError):
                waiting = chain.request("txpool_content", [])["pending"]
                found = (nodes.get(numbers.get(sender.lower(), -1)) for sender in waiting)
                return next(filter(None, found), None)
            return None

        return sending

    @staticmethod
    def _wait(ask: Callable[[], T | None]) -> T | None:
        """Ask until there is an answer, at most some seconds."""
        deadline = time.monotonic() + LONGEST_WAIT
        while (answer := ask()) is None and time.monotonic() < deadline:
            time.sleep(LOOK)
        return answer

"""Trouble for a local network, drawn from a seed: killed processes, a reorganised or restarted chain."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from bema_py.chain.connection import Chain, connect
from bema_py.chain.errors import ChainError
from bema_py.core.types import Address, hex0x
from bema_py.local.network import LocalNetwork
from bema_py.local.plan import PlannedNode
from bema_py.local.processes import CHAIN

MOMENTS = ("at a random moment", "after a line of its log", "while its transaction waits for a block")
LONGEST_WAIT = 6.0
"""Seconds that a moment is waited for; then the process is killed as it is."""
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
        """Kill a node that the seed draws, at a moment that it draws, and start it again at once."""
        node = self.random.choice(self.network.plan.nodes)
        moment = self.random.choice(MOMENTS)
        patience = self.random.uniform(0, LONGEST_WAIT)
        happened = {
            MOMENTS[0]: lambda: False,
            MOMENTS[1]: self._another_line(node),
            MOMENTS[2]: self._sending(node),
        }[moment]
        came = self._wait(happened, patience if moment == MOMENTS[0] else LONGEST_WAIT)
        entry = self.network.processes.running(node.name)
        process = entry.process() if entry else None
        if process is None:
            self._note("found dead", node.name, self.network.processes.last_line(node.name))
        else:
            process.kill()
            process.wait(LONGEST_WAIT)
            self._note("kill", node.name, moment if came else MOMENTS[0])
        self.network.start(node)

    def reorganise(self) -> None:
        """Replace the newest Ethereum blocks, at most eight, by empty ones."""
        depth = self.random.randint(1, DEEPEST)
        with self._chain() as chain:
            chain.request("anvil_reorg", [depth, []])
        self._note("reorganisation", CHAIN, f"{depth} deep")

    def restart_chain(self) -> None:
        """Kill the chain and start it again from the state that it saved some seconds ago."""
        state = self.network.directory / "chain.json"
        self._wait(lambda: time.time() - state.stat().st_mtime > UNWRITTEN, LONGEST_WAIT)
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

    def _chain(self) -> Chain:
        return connect(self.network.plan.chain_url)

    def _another_line(self, node: PlannedNode) -> Callable[[], bool]:
        log = self.network.processes.log_of(node.name)
        size = log.stat().st_size
        return lambda: log.stat().st_size > size

    def _sending(self, node: PlannedNode) -> Callable[[], bool]:
        try:
            chain = self._chain()
            account = hex0x(Address(chain.accounts()[node.number]))
        except ChainError:
            return lambda: False

        def sent(block: str) -> int:
            return int(chain.request("eth_getTransactionCount", [account, block]), 16)

        def under_way() -> bool:
            with suppress(ChainError):
                return sent("pending") > sent("latest")
            return False

        return under_way

    @staticmethod
    def _wait(happened: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if happened():
                return True
            time.sleep(LOOK)
        return False

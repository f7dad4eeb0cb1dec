"""Starting a local network, seeing how it is, and stopping exactly what was started."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from bema_py.chain.connection import Chain, connect
from bema_py.chain.errors import ChainUnreachableError
from bema_py.core.types import hex0x
from bema_py.local.anvil import STATE, anvil_command, keep_one_genesis
from bema_py.local.plan import LocalPlan, PlannedNode
from bema_py.local.processes import CHAIN, Processes, StartError, bema
from bema_py.local.profiles import ETHER, profile_of, write_profiles

ANSWER = 2.0
DEPLOYMENT = "deployment.json"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """How a local network's nodes are set up: the kind of model and its training, the challenge window, seconds."""

    architecture: str = "mlp"
    steps: int = 40
    window: int = 60
    poll: float = 1.0


@dataclass(frozen=True)
class NodeView:
    """One row of the table."""

    name: str
    role: str
    pid: int | None
    memory: int | None
    state: str
    detail: str
    height: int | None
    samples: int | None


@dataclass
class LocalNetwork:
    """A network in a directory, which holds its plan, profiles, content, states, logs, chain and processes.

    `place` says what goes before a node's command so that it runs elsewhere; nothing for this very machine.
    """

    directory: Path
    plan: LocalPlan
    processes: Processes
    place: Callable[[PlannedNode], Sequence[str]] = lambda _node: ()

    def up(self, anvil: str, settings: Settings, timeout: float, say: Say) -> None:
        """Start what does not run; deploy first where that was not yet done. Raises StartError."""
        chain = self.start_chain(anvil, timeout, say)
        if not (self.directory / DEPLOYMENT).exists():
            self._found(chain, settings, timeout, say)
        for node in self.plan.nodes:
            if not self.processes.running(node.name):
                self.start(node)
        say(f"{len(self.plan.nodes)} nodes started")

    def start(self, node: PlannedNode) -> None:
        """Start one node."""
        command = bema("node", "--config", str(profile_of(self.directory, node)))
        self.processes.start(node.name, [*self.place(node), *command], _environment())

    def wait_until_well(self, timeout: float) -> None:
        """Wait until every node says that it is well; raises StartError with what the first other one says."""
        deadline = time.monotonic() + timeout
        while True:
            views = [self.view(node) for node in self.plan.nodes]
            dead = [view for view in views if view.pid is None]
            if dead:
                raise StartError(dead[0].name, f"it ended: {self.processes.last_line(dead[0].name)}")
            ill = [view for view in views if view.state not in ("waiting", "working")]
            if not ill:
                return
            if time.monotonic() > deadline:
                raise StartError(ill[0].name, f"after {timeout:.0f} s it is {ill[0].state} ({ill[0].detail})")
            time.sleep(0.5)

    def down(self) -> list[str]:
        """Stop the nodes, then the chain; return what ran."""
        nodes = [name for name in self.processes.started if name != CHAIN]
        return self.processes.stop(nodes) + self.processes.stop([CHAIN])

    def view(self, node: PlannedNode) -> NodeView:
        """Ask a node how it is."""
        entry = self.processes.running(node.name)
        if entry is None:
            return NodeView(node.name, node.role, None, None, "not running", "", None, None)
        status = _status(node)
        return NodeView(
            node.name,
            node.role,
            entry.pid,
            entry.memory(),
            str(status.get("state", "silent")),
            str(status.get("detail", "no answer yet")),
            status.get("height"),
            status.get("samples"),
        )

    def start_chain(self, anvil: str, timeout: float, say: Say) -> Chain:
        """Start the chain from its saved state unless it runs, and wait until it answers.

        Raises StartError and ChainStateError.
        """
        if not self.processes.running(CHAIN):
            keep_one_genesis(self.directory / STATE)
            plan = self.plan
            accounts = len(plan.nodes) + 1
            command = anvil_command(anvil, self.directory, plan.chain_host, plan.chain_port, accounts)
            self.processes.start(CHAIN, command, os.environ)
        deadline = time.monotonic() + timeout
        while True:
            try:
                chain = connect(self.plan.chain_url, timeout=ANSWER)
            except ChainUnreachableError as error:
                if not self.processes.running(CHAIN):
                    raise StartError(CHAIN, f"it ended: {self.processes.last_line(CHAIN)}") from error
                if time.monotonic() > deadline:
                    raise StartError(CHAIN, f"no answer in {timeout:.0f} s") from error
                time.sleep(0.2)
            else:
                say(f"chain {chain.chain_id} answers at {self.plan.chain_url}")
                return chain

    def _found(self, chain: Chain, settings: Settings, timeout: float, say: Say) -> None:
        """Write the profiles, deploy the contract and pay into its pool."""
        write_profiles(
            self.directory,
            self.plan,
            chain.accounts(),
            architecture=settings.architecture,
            steps=settings.steps,
            window=settings.window,
            poll=settings.poll,
        )
        profile = str(profile_of(self.directory, self.plan.founders[0]))
        for name, command in (
            ("deploy", bema("deploy", "--profile", profile)),
            ("fund", bema("fund", str(10 * ETHER), "--profile", profile)),
        ):
            entry = self.processes.start(name, command, _environment())
            process = entry.process()
            if process is not None:
                process.wait(timeout)
            self.processes.stop([name])
        if not (self.directory / DEPLOYMENT).exists():
            raise StartError("deploy", self.processes.last_line("deploy"))
        say(f"contract deployed, founded by {hex0x(chain.accounts()[0])} and others")


def _environment() -> Mapping[str, str]:
    """One thread a node: many nodes share the processors."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}


def _status(node: PlannedNode) -> dict[str, Any]:
    try:
        answer = requests.get(f"{node.url}/status", timeout=ANSWER)
        plain = answer.json()
    except (requests.RequestException, ValueError):
        return {}
    return plain if isinstance(plain, dict) else {}

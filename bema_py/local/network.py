"""Starting a local network, seeing how it is, and stopping exactly what was started."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil
import requests

from bema_py.chain.connection import Chain, connect
from bema_py.chain.deployment import open_contract
from bema_py.chain.deployment_file import load_deployment
from bema_py.chain.errors import ChainUnreachableError
from bema_py.core.types import hex0x
from bema_py.local.anvil import STATE, anvil_command, keep_one_genesis
from bema_py.local.ipfs import IPFS, ipfs_command, ipfs_environment, prepare_ipfs
from bema_py.local.plan import LocalPlan, PlannedNode
from bema_py.local.processes import CHAIN, Processes, StartError, bema
from bema_py.local.profiles import ETHER, profile_of, write_profiles
from bema_py.storage.ipfs_node import IpfsNode, NodeFaultError

ANSWER = 2.0
DEPLOYMENT = "deployment.json"
STARTS_IN = 60.0
"""Seconds for which a process that does not answer yet is taken to start."""
Say = Callable[[str], None]
T = TypeVar("T")


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

    `place` says what goes before a node's command so that it runs elsewhere; nothing for this very machine. `ipfs` is
    Kubo's binary, for a plan with an IPFS node.
    """

    directory: Path
    plan: LocalPlan
    processes: Processes
    place: Callable[[PlannedNode], Sequence[str]] = lambda _node: ()
    ipfs: str = IPFS

    def up(self, anvil: str, settings: Settings, timeout: float, say: Say) -> None:
        """Start what does not run; deploy first where that was not yet done. Raises StartError."""
        chain = self.start_chain(anvil, timeout, say)
        if self.plan.ipfs_port:
            self.start_ipfs(timeout, say)
        if not (self.directory / DEPLOYMENT).exists():
            self._deploy(chain, settings, timeout, say)
        self._fund(chain, timeout)
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
        """Stop the nodes, then what they work with; return what ran."""
        below = [name for name in (IPFS, CHAIN) if name in self.processes.started]
        nodes = [name for name in self.processes.started if name not in below]
        return self.processes.stop(nodes) + self.processes.stop(below)

    def view(self, node: PlannedNode) -> NodeView:
        """Ask a node how it is."""
        entry = self.processes.running(node.name)
        if entry is None:
            return NodeView(node.name, node.role, None, None, "not running", "", None, None)
        young = time.time() - entry.started < STARTS_IN
        silence = "starting" if young else "silent"
        status = _status(node)
        return NodeView(
            node.name,
            node.role,
            entry.pid,
            entry.memory(),
            str(status.get("state", silence)),
            str(status.get("detail", "no answer yet")),
            status.get("height"),
            status.get("samples"),
        )

    def start_chain(self, anvil: str, timeout: float, say: Say) -> Chain:
        """Start the chain from its saved state unless it runs, and wait until it answers.

        Raises StartError and ChainStateError.
        """
        plan = self.plan
        if not self.processes.running(CHAIN):
            keep_one_genesis(self.directory / STATE)
            accounts = len(plan.nodes) + 1
            command = anvil_command(anvil, self.directory, plan.chain_host, plan.chain_port, accounts)
            self.processes.start(CHAIN, command, os.environ)
        ask = partial(connect, plan.chain_url, timeout=ANSWER)
        chain = self._answer(CHAIN, ask, ChainUnreachableError, timeout)
        say(f"chain {chain.chain_id} answers at {plan.chain_url}")
        return chain

    def start_ipfs(self, timeout: float, say: Say) -> None:
        """Start the IPFS node unless it runs, and wait until it answers. Raises StartError."""
        if not self.processes.running(IPFS):
            prepare_ipfs(self.ipfs, self.directory, self.plan.ipfs_address)
            self.processes.start(IPFS, ipfs_command(self.ipfs), ipfs_environment(self.directory))
        node = IpfsNode(self.plan.ipfs_address, ANSWER, ANSWER, 0)
        version = self._answer(IPFS, node.version, NodeFaultError, timeout)
        say(f"IPFS node {version} answers at {self.plan.ipfs_address}")

    def _answer(self, name: str, ask: Callable[[], T], silence: type[Exception], timeout: float) -> T:
        """Ask a process that was started until it answers; raises StartError where it ends or takes too long."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                return ask()
            except silence as error:
                if not self.processes.running(name):
                    raise StartError(name, f"it ended: {self.processes.last_line(name)}") from error
                if time.monotonic() > deadline:
                    raise StartError(name, f"no answer in {timeout:.0f} s") from error
                time.sleep(0.2)

    def _deploy(self, chain: Chain, settings: Settings, timeout: float, say: Say) -> None:
        """Write the profiles and deploy the contract."""
        write_profiles(
            self.directory,
            self.plan,
            chain.accounts(),
            architecture=settings.architecture,
            steps=settings.steps,
            window=settings.window,
            poll=settings.poll,
        )
        self._command("deploy", ["deploy"], timeout)
        if not (self.directory / DEPLOYMENT).exists():
            raise StartError("deploy", self.processes.last_line("deploy"))
        say(f"contract deployed, founded by {hex0x(chain.accounts()[0])} and others")

    def _fund(self, chain: Chain, timeout: float) -> None:
        """Pay into the contract's pool where nobody did yet."""
        contract = open_contract(chain, load_deployment(self.directory / DEPLOYMENT))
        if not contract.pool().funded:
            self._command("fund", ["fund", str(10 * ETHER)], timeout)

    def _command(self, name: str, arguments: Sequence[str], timeout: float) -> None:
        """Run a command of the first founder's to its end."""
        profile = str(profile_of(self.directory, self.plan.founders[0]))
        entry = self.processes.start(name, bema(*arguments, "--profile", profile), _environment())
        process = entry.process()
        try:
            if process is not None:
                process.wait(timeout)
        except psutil.TimeoutExpired as error:
            raise StartError(name, f"it is not done after {timeout:.0f} s") from error
        finally:
            self.processes.stop([name])


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

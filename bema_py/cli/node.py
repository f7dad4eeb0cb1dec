"""`bema node`: one role as a process that runs for months."""

import logging
import time
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer

from bema_py.chain.signers import Signer
from bema_py.cli.chain_log import report_to
from bema_py.cli.chain_settings import open_chain
from bema_py.cli.node_parts import ROLES, Parts, founder_routes
from bema_py.cli.opening import open_network, open_signer, state_directory
from bema_py.cli.profile import Profile, ProfileError, load_profile
from bema_py.core.types import hex0x
from bema_py.node.condition import Health
from bema_py.node.desk import CountedSigner, Desk
from bema_py.node.figures import Figures
from bema_py.node.log import Log, Notes
from bema_py.node.loop import Loop, Worker
from bema_py.node.server import NodeServer, own_routes
from bema_py.node.singleton import StateLock
from bema_py.node.stopping import StopSignal
from bema_py.roles.content import ModelCache
from bema_py.storage.sound_store import SoundStore

FOUNDER = "original-party"


def node(
    config: Annotated[Path, typer.Option(help="The node's profile (TOML).")] = Path("node.toml"),
    role: Annotated[str, typer.Option(help=f"{', '.join(ROLES)}; without it the one in the profile.")] = "",
) -> None:
    """Run one role until SIGTERM or SIGINT, which end it at the next safe point with exit code 0.

    It logs JSON lines on the error stream and answers /health, /status and /metrics. Killed and started again it goes
    on where it stopped.

    Example: bema node --role miner --config miner.toml
    """
    settings = load_profile(config)
    chosen = role or settings.node.role
    if chosen not in ROLES:
        raise ProfileError(config, f"the role is {chosen!r}, one of {', '.join(ROLES)} is needed")
    stop = StopSignal()
    stop.listen()
    lock = StateLock(state_directory(settings))
    service = Service(settings, chosen, stop)
    try:
        service.run()
    finally:
        lock.release()


@dataclass(frozen=True)
class Service:
    """A node's process: its server, and the loop over its role's worker."""

    settings: Profile
    role: str
    stop: StopSignal

    @cached_property
    def health(self) -> Health:
        """What the node is doing."""
        return Health(self.role, time.time)

    @cached_property
    def figures(self) -> Figures:
        """What the node counts."""
        return Figures()

    @cached_property
    def log(self) -> Log:
        """Where the node tells it."""
        return Log(self.role)

    def run(self) -> None:
        """Serve and work until the node is to stop."""
        logging.getLogger().addHandler(Notes(self.log))
        routes = dict(own_routes(self.health, self.figures))
        if self.role == FOUNDER:
            routes |= founder_routes(self.settings)
        server = NodeServer(self.settings.node.listen, routes)
        report_to(self.log)
        self.log.info("started", url=server.url, state=str(state_directory(self.settings)))
        poll = self.settings.node.poll
        loop = Loop(self.build, self.health, self.figures, self.log, self.stop, poll)
        try:
            loop.run()
        finally:
            server.close()

    def build(self) -> Worker:
        """Open chain, keys and content, and give the role's worker."""
        network = open_network(self.settings)
        store = SoundStore(network.store)
        network = replace(network, store=store, models=ModelCache(store))
        state = state_directory(self.settings)
        desk = Desk(network, state, self.figures, self.health, self.log, self.stop)
        return ROLES[self.role](Parts(self.settings, desk, self._signer))

    def _signer(self) -> Signer:
        """Return who acts, and let the figures name it."""
        signer = CountedSigner(open_signer(self.settings, open_chain(self.settings)), self.figures)
        account = hex0x(signer.address)
        self.health.introduce(account)
        self.figures.introduce(self.role, account)
        return signer

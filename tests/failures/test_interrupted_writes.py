"""Nodes interrupted before and after everything they write, over and over, until their work is done.

What a node writes is a transaction, a stored block of content, a file put in place or removed. Here only the worker
ends, which is made anew for every step; whole processes are killed in `test_real_network`.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from cheating import lie
from node_town import Town
from tiny_network import FOUNDERS, HELD, WINDOW, TinyNetwork, tiny_network

from bema_py.bench.promises import broken_promises, unpaid
from bema_py.chain.deployment import deploy, open_contract
from bema_py.chain.signers import NodeSigner
from bema_py.core.errors import BemaError
from bema_py.core.types import Address, mask_of
from bema_py.node.loop import Worker
from bema_py.roles.content import ModelCache
from bema_py.roles.network import Network
from bema_py.storage.memory_store import MemoryStore

pytestmark = pytest.mark.failures

LIE = 7
"""The round after which a false block is published."""
ROUNDS = 60
"""At most; they end once every role was killed at what matters most."""
QUIET = 8
SPARED = {
    # A transaction is one write among many, and the one that nothing takes back.
    "transaction": ["spared"],
    "content": ["spared"] * 6,
    "file in place": ["spared"] * 6,
    "file removed": ["spared"] * 6,
}
MET = {("original-party", "content"), ("original-party", "transaction"), ("party", "content")}
MET |= {("party", "transaction"), ("miner", "content"), ("miner", "transaction")}


class KilledError(BaseException):
    """The process is gone: no handler of errors may see it."""


@dataclass
class Reaper:
    """Decides by its seed what is interrupted, before it is done or after; `role` is who works now."""

    random: random.Random
    role: str = ""
    points: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    inside: bool = False

    def watch(self, patch: pytest.MonkeyPatch, owner: type, name: str, what: str) -> None:
        original = getattr(owner, name)

        def watched(*given: Any, **named: Any) -> Any:
            return self.strike(what, lambda: original(*given, **named))

        patch.setattr(owner, name, watched)

    def strike(self, what: str, effect: Callable[[], Any]) -> Any:
        # The chain of these tests keeps a file of its own: what it writes is not the node's.
        if not self.role or self.inside or threading.current_thread() is not threading.main_thread():
            return effect()
        fate = self.random.choice(("before", "after", *SPARED[what]))
        if fate == "before":
            self._kill(what, fate)
        self.inside = True
        try:
            result = effect()
        finally:
            self.inside = False
        if fate == "after":
            self._kill(what, fate)
        return result

    def met(self) -> set[tuple[str, str]]:
        """Give who was killed at what."""
        return {(role, what) for role, what, _ in self.points}

    def _kill(self, what: str, when: str) -> None:
        self.points[self.role, what, when] += 1
        self.role = ""
        raise KilledError


@dataclass
class Life:
    """A town whose nodes found their network, let a newcomer in, mine, reject a false block and are paid."""

    town: Town
    reaper: Reaper

    def workers(self) -> Iterator[tuple[str, Callable[[], Worker]]]:
        town, newcomer = self.town, self.town.newcomer()
        for founder in range(FOUNDERS):
            yield "original-party", lambda founder=founder: town.founder(founder)  # type: ignore[misc]
        yield "party", lambda: town.party(newcomer)
        yield "miner", town.miner
        yield "auditor", town.auditor

    def round(self, *, spared: bool = False) -> None:
        for role, make in self.workers():
            self.reaper.role = "" if spared else role
            try:
                make().step()
            except KilledError:
                pass
            except BemaError as error:
                # As the node's loop does: it is tried again.
                assert error.exit_code in (1, 3, 4, 5), error
            finally:
                self.reaper.role = ""
        self.town.tiny.chain.advance(1)

    def outboxes(self) -> list[Path]:
        return list(self.town.directory.glob("*/outbox.json"))

    def people(self) -> list[Address]:
        tiny = self.town.tiny
        signers = [tiny.parties[0].signer, tiny.parties[1].signer, self.town.newcomer().signer, tiny.miner]
        return [signer.address for signer in signers]


def unfounded(tiny: TinyNetwork) -> TinyNetwork:
    """The same people before a contract of their own, in which nobody is registered."""
    founders = [
        (party.signer.address, mask_of(held)) for party, held in zip(tiny.parties[:2], HELD, strict=False)
    ]
    deployed = deploy(tiny.chain, tiny.stranger, tiny.network.deployment.parameters, founders)
    store = tiny.network.store
    contract = open_contract(tiny.chain, deployed)
    contract.fund(tiny.stranger, 5000)
    return replace(tiny, network=Network(contract, deployed, store, tiny.network.rules, ModelCache(store)))


@pytest.fixture(params=[11, 12, 13])
def life(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    tiny = unfounded(tiny_network(tmp_path / "chain"))
    reaper = Reaper(random.Random(request.param))
    reaper.watch(monkeypatch, NodeSigner, "send", "transaction")
    reaper.watch(monkeypatch, MemoryStore, "_write", "content")
    reaper.watch(monkeypatch, Path, "replace", "file in place")
    reaper.watch(monkeypatch, Path, "unlink", "file removed")
    yield Life(Town(tiny, tmp_path / "nodes"), reaper)
    tiny.chain.close()


def test_nothing_is_lost_and_nobody_paid_twice(life: Life) -> None:
    town, tiny = life.town, life.town.tiny
    with town.serving(0, 1):
        for number in range(ROUNDS):
            life.round()
            if number == LIE:
                lie(tiny)
            if number > LIE and life.reaper.met() >= MET and life.reaper.points.total() >= 30:
                break
        for _ in range(QUIET):
            life.round(spared=True)
        for _ in range(8):
            # Short enough for an open commitment to be revealed before it expires.
            tiny.chain.advance(WINDOW // 6)
            life.round(spared=True)
    points = life.reaper.points
    assert points.total() >= 30
    assert {when for _, _, when in points} == {"before", "after"}
    assert life.reaper.met() >= MET
    history = tiny.network.history()
    assert len(history.blocks) >= 3
    assert len(history.orphans) == 1
    assert history.party_of(town.newcomer().signer.address) is not None
    assert broken_promises(tiny.network, life.outboxes()) == []
    assert unpaid(tiny.network, life.people()) == []

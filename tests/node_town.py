"""Nodes of a tiny network: workers on the embedded chain, made anew for every step, and founders' real HTTP servers."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tiny_network import HELD, LIMITS, OPEN, TinyNetwork, TinyParty, linear_model, patterns

from bema_py.chain.signers import Signer
from bema_py.core.types import mask_of
from bema_py.learning.references import ReferenceSet
from bema_py.node.auditor import AuditorWorker
from bema_py.node.condition import Health
from bema_py.node.desk import Desk
from bema_py.node.earnings import Earnings
from bema_py.node.figures import Figures
from bema_py.node.founder import Admission, FounderWorker, Witnessing
from bema_py.node.joining import Joining
from bema_py.node.judging import Judging
from bema_py.node.log import Log
from bema_py.node.mailbox import Mailbox
from bema_py.node.miner import MinerWorker, MiningPlan
from bema_py.node.offering import Offering, OfferPlan
from bema_py.node.party import PartyWorker
from bema_py.node.peers import REGISTRATIONS, STATEMENTS, VOTES, Peer, every_statement
from bema_py.node.server import NodeServer
from bema_py.node.stopping import StopSignal
from bema_py.node.voting import Voting, serve_votes
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.content import publish_model
from bema_py.roles.failures import FailureRecord
from bema_py.roles.kept_blocks import KeptBlocks
from bema_py.roles.network import ChainFollower, LedgerKeeper, Network
from bema_py.roles.original_party import RegistrationRequest, Thresholds
from bema_py.roles.outbox import Outbox
from bema_py.roles.sample_miner import PublicationPolicy

PLAN = OfferPlan(samples=6, scan=20, seed=1)


NEWCOMER_HOLDS = (0, 2)


@dataclass
class Town:
    """A tiny network, and what its nodes keep on disk and log."""

    tiny: TinyNetwork
    directory: Path
    peers: list[Peer] = field(default_factory=list)
    written: io.StringIO = field(default_factory=io.StringIO)
    references: tuple[ReferenceSet, ...] = ()

    def desk(self, name: str, network: Network | None = None) -> Desk:
        state = self.directory / name
        state.mkdir(parents=True, exist_ok=True)
        log = Log(name, self.written, lambda: 0.0)
        health = Health(name, lambda: 0.0)
        return Desk(network or self.tiny.network, state, Figures(), health, log, StopSignal())

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.written.getvalue().splitlines()]
        return [line for line in lines if line["event"] == event]

    def request(self, party: TinyParty, held: tuple[int, ...]) -> RegistrationRequest:
        digest = publish_model(self.tiny.network.store, party.model)
        return RegistrationRequest(party.signer.address, digest, mask_of(held), mask_of(party.model.classes))

    def offering(self, desk: Desk, party: TinyParty, policy: PublicationPolicy = OPEN) -> Offering:
        outbox = Outbox(desk.state / "outbox.json")
        return Offering(desk, party.signer, outbox, lambda: party.data, policy, PLAN)

    def party(
        self, party: TinyParty, held: tuple[int, ...] = NEWCOMER_HOLDS, policy: PublicationPolicy = OPEN
    ) -> PartyWorker:
        desk = self.desk(f"party{party.number}")
        joining = Joining(desk, party.signer, lambda: self.request(party, held), self.peers)
        offering = self.offering(desk, party, policy)
        keeper = LedgerKeeper(desk.network)
        return PartyWorker(desk, party.signer, joining, offering, Earnings(desk, party.signer), keeper)

    def founder(
        self, index: int, network: Network | None = None, limits: Thresholds = LIMITS
    ) -> FounderWorker:
        party = self.tiny.parties[index]
        desk = self.desk(f"founder{index}", network)
        follower = ChainFollower(desk.network, kept=KeptBlocks(desk.state / "recomputed"))
        voting = Voting(desk, party.signer, desk.state / "votes", self.peers)
        failures = FailureRecord(desk.network.rules.witness)
        own = (lambda: self.references[index]) if self.references else None
        return FounderWorker(
            desk,
            party.signer,
            Joining(desk, party.signer, lambda: self.request(party, HELD[index]), self.peers),
            self.offering(desk, party),
            Earnings(desk, party.signer),
            Judging(desk, party.signer, follower, failures, voting),
            voting,
            Admission(Mailbox(desk.state / "mailbox"), lambda: party.data, limits, 1000),
            Witnessing(own, desk.state / "statements"),
        )

    def miner(self, signer: Signer | None = None, plan: MiningPlan | None = None) -> MinerWorker:
        desk = self.desk("miner")
        who = signer or self.tiny.miner
        miner = BlockMiner(
            desk.network, who, statements=lambda commitment: every_statement(self.peers, commitment)
        )
        return MinerWorker(desk, who, miner, Earnings(desk, who), plan or MiningPlan())

    def auditor(self) -> AuditorWorker:
        return AuditorWorker(self.desk("auditor"))

    def newcomer(self, number: int = 5) -> TinyParty:
        """A party that is not registered."""
        accounts = self.tiny.chain.accounts()
        signer = type(self.tiny.miner)(self.tiny.chain, accounts[20 + number])
        outbox = self.tiny.parties[2].outbox  # not used: a node keeps its own
        return TinyParty(number, signer, linear_model(10 + number), patterns(60, 400), outbox, NEWCOMER_HOLDS)

    @contextmanager
    def serving(self, *founders: int) -> Iterator[None]:
        """Let these founders' servers answer."""
        servers = []
        for index in founders:
            state = self.directory / f"founder{index}"
            mailbox, statements = Mailbox(state / "mailbox"), Witnessing(None, state / "statements")
            routes = {
                ("POST", REGISTRATIONS): lambda _rest, body, box=mailbox: box.post(body),
                ("GET", VOTES): lambda _rest, _body, place=state / "votes": serve_votes(place),
                ("GET", STATEMENTS): statements.serve,
            }
            servers.append(NodeServer("127.0.0.1:0", routes))
        self.peers[:] = [Peer(server.url) for server in servers]
        try:
            yield
        finally:
            self.peers.clear()
            for server in servers:
                server.close()

"""From a profile to the worker of a node's role."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from bema_py.chain.signers import Signer
from bema_py.cli.op import thresholds
from bema_py.cli.opening import open_outbox, open_share, state_directory
from bema_py.cli.party import model_file, registration_request, train_model
from bema_py.cli.profile import Profile
from bema_py.cli.references import open_references, without_references
from bema_py.core.types import Commitment
from bema_py.core.witness import SignedStatement, WitnessRules
from bema_py.learning.datasets import Dataset
from bema_py.learning.references import ReferenceSet
from bema_py.node.auditor import AuditorWorker
from bema_py.node.desk import Desk
from bema_py.node.earnings import Earnings
from bema_py.node.founder import Admission, FounderWorker, Witnessing
from bema_py.node.joining import Joining
from bema_py.node.judging import Judging
from bema_py.node.loop import Worker
from bema_py.node.mailbox import Mailbox
from bema_py.node.miner import MinerWorker, MiningPlan
from bema_py.node.offering import Offering, OfferPlan
from bema_py.node.party import PartyWorker
from bema_py.node.peers import REGISTRATIONS, STATEMENTS, VOTES, Peer, every_statement
from bema_py.node.server import Routes
from bema_py.node.voting import Voting, serve_votes
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.failures import FailureRecord
from bema_py.roles.kept_blocks import KeptBlocks
from bema_py.roles.network import ChainFollower, LedgerKeeper
from bema_py.roles.original_party import RegistrationRequest
from bema_py.roles.sample_miner import PublicationPolicy


@dataclass(frozen=True)
class Parts:
    """What workers are made of."""

    settings: Profile
    desk: Desk
    open_signer: Callable[[], Signer]

    @cached_property
    def signer(self) -> Signer:
        """Who acts; an auditor is never asked for a key."""
        return self.open_signer()

    @cached_property
    def peers(self) -> Sequence[Peer]:
        """The founders' nodes."""
        return [Peer(url) for url in self.settings.node.founders]

    @cached_property
    def earnings(self) -> Earnings:
        """The account's money."""
        return Earnings(self.desk, self.signer)

    @cached_property
    def joining(self) -> Joining:
        """The way into the network."""
        return Joining(self.desk, self.signer, self._request, self.peers)

    @cached_property
    def offering(self) -> Offering:
        """The account's samples."""
        node, publication = self.settings.node, self.settings.publication
        return Offering(
            self.desk,
            self.signer,
            open_outbox(self.settings),
            self._offerable,
            PublicationPolicy(publication.publish_samples, publication.cleared, publication.budget),
            OfferPlan(node.samples, node.scan, self.settings.party.seed),
        )

    def follower(self) -> ChainFollower:
        """Return a follower that does not recompute again what it did before a restart."""
        return ChainFollower(self.desk.network, kept=KeptBlocks(self.desk.state / "recomputed"))

    def _request(self) -> RegistrationRequest:
        if not model_file(self.settings).exists():
            self.desk.log.info("training")
            train_model(self.settings, lambda done, total: self.desk.on_progress("train", done, total))
        return registration_request(self.settings, self.signer.address)

    def _offerable(self) -> Dataset:
        share = open_share(self.settings)
        return without_references(self.settings, share.private, share.held)


def party(parts: Parts) -> Worker:
    """Return a regular party's worker."""
    keeper = LedgerKeeper(parts.desk.network)
    return PartyWorker(parts.desk, parts.signer, parts.joining, parts.offering, parts.earnings, keeper)


def miner(parts: Parts) -> Worker:
    """Return a miner's worker; it asks the founders' nodes for their statements."""
    node = parts.settings.node

    def statements(commitment: Commitment) -> Sequence[SignedStatement]:
        return every_statement(parts.peers, commitment)

    block_miner = BlockMiner(parts.desk.network, parts.signer, node.confirmations, statements)
    block_miner.follower = parts.follower()
    return MinerWorker(
        parts.desk, parts.signer, block_miner, parts.earnings, MiningPlan(node.gather, node.empty_after)
    )


def auditor(parts: Parts) -> Worker:
    """Return an auditor's worker."""
    return AuditorWorker(parts.desk)


def founder(parts: Parts) -> Worker:
    """Return an original party's worker."""
    settings, desk = parts.settings, parts.desk
    voting = Voting(desk, parts.signer, votes_directory(settings), parts.peers)
    rules = desk.network.rules.witness
    limits = thresholds(settings)
    return FounderWorker(
        desk,
        parts.signer,
        parts.joining,
        parts.offering,
        parts.earnings,
        Judging(desk, parts.signer, parts.follower(), FailureRecord(rules), voting),
        voting,
        Admission(
            Mailbox(mailbox_directory(settings)),
            lambda: open_share(settings).private,
            limits,
            settings.validation.approval_seconds,
        ),
        Witnessing(_references(settings, rules), statements_directory(settings)),
    )


def founder_routes(settings: Profile) -> Routes:
    """Return what a founder's node answers besides what every node does."""
    mailbox = Mailbox(mailbox_directory(settings))
    return {
        ("POST", REGISTRATIONS): lambda _rest, body: mailbox.post(body),
        ("GET", VOTES): lambda _rest, _body: serve_votes(votes_directory(settings)),
        ("GET", STATEMENTS): Witnessing(None, statements_directory(settings)).serve,
    }


def votes_directory(settings: Profile) -> Path:
    """Return where a founder's own votes lie."""
    return state_directory(settings) / "votes"


def mailbox_directory(settings: Profile) -> Path:
    """Return where registration requests and their answers lie."""
    return state_directory(settings) / "mailbox"


def statements_directory(settings: Profile) -> Path:
    """Return where a founder's statements lie."""
    return state_directory(settings) / "statements"


def _references(settings: Profile, rules: WitnessRules | None) -> Callable[[], ReferenceSet] | None:
    if rules is None:
        return None
    kind = rules.feature
    return cache(lambda: open_references(settings, kind))


ROLES: Mapping[str, Callable[[Parts], Worker]] = {
    "original-party": founder,
    "party": party,
    "miner": miner,
    "auditor": auditor,
}

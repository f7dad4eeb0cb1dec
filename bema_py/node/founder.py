"""An original party's node: founds, answers newcomers, watches blocks, witnesses batches, offers samples."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bema_py.chain.signers import Signer
from bema_py.core.errors import BemaError, InputError, MalformedError, PolicyError
from bema_py.core.types import PartyId, hex0x
from bema_py.learning.datasets import Dataset
from bema_py.learning.references import ReferenceSet
from bema_py.node.desk import Desk
from bema_py.node.earnings import Earnings
from bema_py.node.joining import Joining
from bema_py.node.judging import Judging
from bema_py.node.mailbox import Mailbox
from bema_py.node.offering import Offering
from bema_py.node.server import NOT_FOUND, OK, Answer, json_answer
from bema_py.node.voting import Voting
from bema_py.roles.batches import eligible, load_listed
from bema_py.roles.hearing import asked_about
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.roles.original_party import RegistrationRequest, Thresholds, approve, examine
from bema_py.roles.statement_files import statement_path, write_statement
from bema_py.roles.witness import state

CBOR = "application/vnd.ipld.dag-cbor"


@dataclass(frozen=True)
class Admission:
    """How a founder answers newcomers: its private records, its limits, and how long an approval counts, in seconds."""

    mailbox: Mailbox
    private: Callable[[], Dataset]
    limits: Thresholds
    approval_seconds: int


@dataclass(frozen=True)
class Witnessing:
    """A founder's private references, None where the rules have no data witness, and where its statements lie."""

    references: Callable[[], ReferenceSet] | None
    directory: Path

    def serve(self, commitment: str, _body: bytes) -> Answer:
        """Give the founder's statement about a batch."""
        name = commitment.lower()
        if len(name) == 64 and set(name) <= set("0123456789abcdef"):
            for path in self.directory.glob(f"{name}-*.statement"):
                return Answer(OK, path.read_bytes(), CBOR)
        return json_answer(NOT_FOUND, {"error": "no statement about that batch"})


@dataclass
class FounderWorker:
    """An original party. What it owes the others comes first, its own samples last."""

    desk: Desk
    signer: Signer
    joining: Joining
    offering: Offering
    earnings: Earnings
    judging: Judging
    voting: Voting
    admission: Admission
    witnessing: Witnessing

    def step(self) -> str:
        """Do whatever can be done now."""
        history = self.desk.read()
        founder = history.party_of(self.signer.address)
        if founder is None:
            return self.joining.step()
        if history.genesis is None:
            return "the other founders' registrations"
        self.earnings.collect(history)
        if history.suspended(founder.party):
            return "nothing any more: the founder is suspended"
        ledger = self.judging.follow(history)
        votes = self.voting.carry_on(history)
        if ledger is None:
            return "; ".join(votes) or "the content of a block that came without it"
        self._answer_newcomers()
        self._state(history, ledger, founder.party)
        own = self.offering.step(history, ledger, founder.party)
        return "; ".join([*votes, own])

    def _answer_newcomers(self) -> None:
        mailbox = self.admission.mailbox
        mailbox.forget(self.desk.network.contract.chain.head().timestamp)
        for request in list(mailbox.waiting()):
            try:
                self._examine(request)
                outcome = "approved"
            except (PolicyError, InputError, MalformedError) as error:
                mailbox.refuse(request, str(error))
                outcome = "refused"
                self.desk.log.warning("newcomer refused", account=hex0x(request.account), reason=str(error))
            except BemaError as error:
                # Its model may still be on its way; the request is looked at again.
                outcome = "put off"
                self.desk.log.warning("newcomer put off", account=hex0x(request.account), reason=str(error))
            self.desk.figures.requests.labels(outcome).inc()

    def _examine(self, request: RegistrationRequest) -> None:
        network, admission = self.desk.network, self.admission
        found = examine(network, self.signer.address, request, admission.private(), admission.limits)
        deadline = network.contract.chain.head().timestamp + admission.approval_seconds
        nonce = secrets.randbits(128)
        approval = approve(network, self.signer, request, found, nonce=nonce, deadline=deadline)
        admission.mailbox.approve(request, approval)
        self.desk.log.info(
            "newcomer approved", account=hex0x(request.account), deviation=found.deviation.per_sample
        )

    def _state(self, history: History, ledger: Ledger, founder: PartyId) -> None:
        """State about every regular party's batch that waits for a block, once (10b)."""
        if self.witnessing.references is None:
            return
        network = self.desk.network
        authors = {party.party: party for party in history.authors_at(ledger.height + 1)}
        now = network.contract.chain.head().timestamp + 1
        for batch in eligible(history.batches, authors, ledger.listed, now):
            commitment, directory = batch.commitment, self.witnessing.directory
            if statement_path(directory, commitment, founder).exists():
                continue
            try:
                content = load_listed(network.store, batch, network.rules).batch
            except BemaError:
                continue  # no miner can list it either
            if asked_about(authors, content):
                own = self.witnessing.references()
                signed = state(
                    network.deployment, self.signer, founder, own, commitment, content, network.rules
                )
                write_statement(directory, signed)
                self.desk.figures.statements.labels("made").inc()

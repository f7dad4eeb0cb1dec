"""How a node's account becomes a party: a founder in the genesis phase, anybody else with founders' approvals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bema_py.chain.approvals import Approval, check_approval, recover_signer
from bema_py.chain.signers import Signer
from bema_py.core.errors import BemaError
from bema_py.core.types import Address, classes_of
from bema_py.node.desk import Desk
from bema_py.node.peers import Peer, PeerError, RefusedError
from bema_py.roles.original_party import RegistrationRequest

RequestSource = Callable[[], RegistrationRequest]
"""Trains the party's model where that was not yet done, and says what to register."""


@dataclass
class Joining:
    """Trains, asks and registers. Founders' nodes keep the approvals and give the same ones when asked again."""

    desk: Desk
    signer: Signer
    request: RequestSource
    peers: Sequence[Peer]
    _wanted: RegistrationRequest | None = field(default=None, init=False)

    def step(self) -> str:
        """Go one step towards registration; return what is waited for."""
        if self._wanted is None:
            self._wanted = self.request()
            self.desk.log.info("model ready", model=self._wanted.model_card.hex())
        founders = {each.account: each.held_classes for each in self.desk.network.deployment.founders}
        contract = self.desk.network.contract
        if self.signer.address in founders:
            contract.register_original_party(self.signer, self._wanted.model_card, self._wanted.label_space)
            self.desk.log.info("registered as a founder")
            return "the other founders' registrations"
        if not contract.genesis_closed():
            return "the founders' registrations"
        return self._join(self._wanted, founders)

    def _join(self, wanted: RegistrationRequest, founders: dict[Address, int]) -> str:
        approvals, answers = self._ask(wanted, founders)
        uncovered = self._uncovered(wanted, approvals)
        if uncovered:
            return f"founders' approvals for classes {uncovered}" + "".join(f"; {each}" for each in answers)
        done = self.desk.network.contract.register_regular_party(
            self.signer, wanted.model_card, wanted.held_classes, wanted.label_space, approvals
        )
        self.desk.log.info("registered", party=done.event.party)
        return "a block that makes it a member"

    def _ask(
        self, wanted: RegistrationRequest, founders: dict[Address, int]
    ) -> tuple[list[Approval], list[str]]:
        """Return the approvals that count, one a founder, and what the founders without one say."""
        given: dict[Address, Approval] = {}
        answers = []
        for peer in self.peers:
            try:
                approval = peer.approval(wanted)
                if approval is None:
                    answers.append(f"the founder at {peer.url} has not answered yet")
                elif self._counts(wanted, approval, founders):
                    given[approval.signer] = approval
                else:
                    answers.append(f"the founder at {peer.url} sends an approval that does not count")
            except (PeerError, RefusedError) as error:
                answers.append(str(error))
        return list(given.values()), answers

    def _counts(self, wanted: RegistrationRequest, approval: Approval, founders: dict[Address, int]) -> bool:
        """Whether an approval is of this request, by a founder within the classes it holds, and in time."""
        deployment, chain = self.desk.network.deployment, self.desk.network.contract.chain
        try:
            check_approval(
                approval, wanted.account, wanted.model_card, wanted.held_classes, wanted.label_space
            )
            signer = recover_signer(deployment.chain_id, deployment.address, approval)
        except BemaError:
            return False
        held = founders.get(signer, 0)
        in_time = approval.deadline > chain.head().timestamp
        return signer == approval.signer and in_time and not approval.vouched_classes & ~held

    def _uncovered(self, wanted: RegistrationRequest, approvals: Sequence[Approval]) -> list[int]:
        """Return the held classes for which too few founders vouch."""
        needed = self.desk.network.deployment.parameters.approvals_per_class
        vouched = [set(classes_of(each.vouched_classes)) for each in approvals]
        return [
            label
            for label in classes_of(wanted.held_classes)
            if sum(1 for classes in vouched if label in classes) < needed
        ]

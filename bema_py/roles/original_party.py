"""What a founder does: validate newcomers on its own data and approve them; vote on blocks and on parties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bema_py.chain.approvals import Approval, sign_approval
from bema_py.chain.errors import VotesError
from bema_py.chain.events import BlockRejected, PartySuspended
from bema_py.chain.signers import Signer
from bema_py.chain.votes import Rejection, Suspension, Vote, check_vote, sign_vote
from bema_py.core.errors import InputError, PolicyError
from bema_py.core.types import Address, BlockHash, ModelDigest, PartyId, PartyType, classes_of, hex0x, mask_of
from bema_py.learning.arithmetic import ONE
from bema_py.learning.datasets import Dataset
from bema_py.learning.model import Model
from bema_py.learning.validation import Deviation, Neighbour, deviation, nearest_registered
from bema_py.roles.failures import Failures
from bema_py.roles.history import History
from bema_py.roles.network import Network, read_ledger
from bema_py.roles.reasons import publish_reason
from bema_py.roles.witness import witness_rules


@dataclass(frozen=True)
class RegistrationRequest:
    """What a regular party asks founders to approve; masks have bit y set for class y."""

    account: Address
    model_card: ModelDigest
    held_classes: int
    label_space: int


@dataclass(frozen=True)
class Thresholds:
    """A founder's limits, both as mean score differences in 2^-24: omega of eq. 2, and the least distance to others."""

    omega: int
    omega_min: int


@dataclass(frozen=True)
class Validation:
    """How a candidate's model came out against a founder's data (eq. 2) and against the registered models."""

    vouched_classes: int
    deviation: Deviation
    nearest: Neighbour | None
    limits: Thresholds

    @property
    def refusal(self) -> str | None:
        """Why the founder does not approve, or None if it does."""
        if not self.deviation.within(self.limits.omega):
            return (
                f"its scores deviate by {self.deviation.per_sample:.4f} a sample from the founder's (eq. 2), "
                f"omega allows {self.limits.omega / ONE:.4f}"
            )
        if self.nearest and self.nearest.distance.within(self.limits.omega_min):
            return (
                f"it lies {self.nearest.distance.per_sample:.6f} a sample from party "
                f"{self.nearest.party}'s model, so it is a copy: omega_min demands more than "
                f"{self.limits.omega_min / ONE:.6f}"
            )
        return None


def examine(
    network: Network, account: Address, request: RegistrationRequest, data: Dataset, limits: Thresholds
) -> Validation:
    """Measure a candidate against a registered founder's present model and data, and against every other model.

    Raises InputError where the account is no founder, and where the request does not fit the candidate's model.
    """
    history = network.history()
    ledger = read_ledger(network, history)
    founder = history.party_of(account)
    if founder is None or founder.party_type is not PartyType.ORIGINAL:
        raise InputError(f"account {hex0x(account)} is no registered original party")
    models = {
        number: network.models.load(ledger.model_of(party))
        for number, party in history.parties.items()
        if party.account != request.account
    }
    candidate = network.models.load(request.model_card)
    own = models[founder.party]
    return validate(own, founder.held_classes, data, candidate, request, models, limits)


def validate(
    founder: Model,
    held_by_founder: int,
    data: Dataset,
    candidate: Model,
    request: RegistrationRequest,
    registered: Mapping[PartyId, Model],
    limits: Thresholds,
) -> Validation:
    """Measure eq. 2 on the founder's data of the classes that both hold.

    **Differs** from the paper: a founder vouches for the classes it holds, not for all of the candidate's.
    """
    vouched = held_by_founder & request.held_classes
    if not vouched:
        raise InputError(
            f"this founder holds classes {list(classes_of(held_by_founder))}, the candidate "
            f"{list(classes_of(request.held_classes))}: there is none to vouch for"
        )
    _check_card(candidate, request)
    classes = classes_of(vouched)
    return Validation(
        vouched,
        deviation(candidate, founder, data, classes),
        nearest_registered(candidate, registered, data, classes),
        limits,
    )


def _check_card(candidate: Model, request: RegistrationRequest) -> None:
    if mask_of(candidate.classes) != request.label_space:
        raise InputError(
            f"the request states label space {list(classes_of(request.label_space))}, the model has "
            f"{list(candidate.classes)}"
        )
    if request.held_classes & ~request.label_space:
        raise InputError(
            f"held classes {list(classes_of(request.held_classes))} reach outside label space {list(candidate.classes)}"
        )


def approve(
    network: Network,
    signer: Signer,
    request: RegistrationRequest,
    validation: Validation,
    *,
    nonce: int,
    deadline: int,
) -> Approval:
    """Sign the approval of a validated candidate; raises PolicyError with the measure if it did not pass."""
    refusal = validation.refusal
    if refusal:
        raise PolicyError(f"approval refused: {refusal}")
    unsigned = Approval(
        account=request.account,
        model_card=request.model_card,
        held_classes=request.held_classes,
        label_space=request.label_space,
        vouched_classes=validation.vouched_classes,
        nonce=nonce,
        deadline=deadline,
        signer=signer.address,
    )
    return sign_approval(signer, network.deployment.chain_id, network.deployment.address, unsigned)


def reject(network: Network, signer: Signer, block_hash: BlockHash, reason: str) -> Vote:
    """Record the reason as content and sign a vote to take a block off the chain."""
    motion = Rejection(block_hash, publish_reason(network.store, reason))
    return sign_vote(signer, network.deployment.chain_id, network.deployment.address, motion)


def suspend(network: Network, signer: Signer, account: Address, reason: str, deadline: int) -> Vote:
    """Record the reason as content and sign a vote to suspend a party; it counts until the deadline."""
    motion = Suspension(account, publish_reason(network.store, reason), deadline)
    return sign_vote(signer, network.deployment.chain_id, network.deployment.address, motion)


def suspend_failing(
    network: Network, signer: Signer, party: PartyId, history: History, failures: Failures, deadline: int
) -> Vote:
    """Vote to suspend a party that failed the data witness too often (10b).

    The reason names the block at which its sum reached the limit, so that an audit can check it. Raises PolicyError
    for a party that did not.
    """
    height = failures.failed.get(party)
    if height is None:
        raise PolicyError(
            f"party {party} has not failed the data witness too often: its sum is {failures.sums.get(party, 0)}, "
            f"the limit {witness_rules(network.rules).limit}"
        )
    text = f"the founders' references spoke against too many of its samples, up to block {height}"
    reason = publish_reason(network.store, text, history.blocks[height - 1].block_hash)
    motion = Suspension(history.parties[party].account, reason, deadline)
    return sign_vote(signer, network.deployment.chain_id, network.deployment.address, motion)


def carry(network: Network, sender: Signer, votes: Sequence[Vote]) -> PartySuspended | BlockRejected:
    """Send founders' votes on one motion; anybody may. Raises VotesError, and what the contract refuses."""
    if not votes:
        raise VotesError("there is none")
    motion = votes[0].motion
    for vote in votes:
        check_vote(network.deployment.chain_id, network.deployment.address, vote)
    if isinstance(motion, Suspension):
        return network.contract.suspend_party(sender, motion, votes).event
    block = next((each for each in network.history().blocks if each.block_hash == motion.block_hash), None)
    if block is None:
        raise VotesError(f"block {hex0x(motion.block_hash)} is not on the chain")
    return network.contract.reject_block(sender, block.header, motion, votes).event

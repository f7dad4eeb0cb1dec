"""Approvals and votes: the contract counts exactly the signatures that the Python twin counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from chain_scenarios import RULES, STEADY, TARGET, World, card, word
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import FEW, NONE, WORDS, Answer, Refusal, another, ask, next_time, refused

from bema_py.chain.approvals import Approval, approval_digest, sign_approval
from bema_py.chain.connection import Chain
from bema_py.chain.deployment import deploy, open_contract
from bema_py.chain.errors import SignatureError
from bema_py.chain.parameters import Parameters
from bema_py.chain.typed_data import recover
from bema_py.chain.votes import Suspension, motion_digest, sign_vote
from bema_py.core.types import Address, Digest, ModelDigest

CLASSES = 0b1111
HELD = (0b0111, 0b1110, 0b1101, 0b1011)
"""What the founders, accounts 0 to 3, hold; the last one is suspended."""
QUORUM, PER_CLASS, USED_NONCE = 3, 2, 7
JOINING, STRANGER, JOINED = 4, 5, 6
MODEL = card(3)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class Council:
    """Four founders, of whom one was suspended at `suspended_at`; founder 0 has used up one nonce."""

    world: World
    suspended_at: int

    def address(self, account: int) -> Address:
        return self.world.account(account).address

    def judge(self, signer: Address) -> Answer:
        """Refuse who may neither approve nor vote."""
        if signer == self.address(3):
            return refused("Suspended", account=signer, suspendedAt=self.suspended_at)
        if signer not in [self.address(founder) for founder in range(3)]:
            return refused("SignerNotOriginalParty", signer=signer)
        return ()


@pytest.fixture(scope="module")
def council(chain: Chain) -> Council:
    world = founded(chain)
    for founder in range(4):
        world.contract.register_original_party(world.account(founder), card(founder + 1), CLASSES)
    world.contract.revoke_approval(world.account(0), USED_NONCE)
    motion = Suspension(world.account(3).address, word(1), 2**40)
    votes = [
        sign_vote(world.account(founder), chain.chain_id, world.contract.address, motion)
        for founder in range(QUORUM)
    ]
    done = world.contract.suspend_party(world.account(0), motion, votes)
    made = Council(world, done.event.position.time)
    given = [approval(made, JOINED, founder, CLASSES) for founder in range(3)]
    world.contract.register_regular_party(world.account(JOINED), MODEL, CLASSES, CLASSES, given)
    return made


def founded(chain: Chain) -> World:
    parameters = Parameters(
        rules_digest=RULES,
        classes=4,
        approvals_per_class=PER_CLASS,
        commitment_expiry=5,
        target=TARGET,
        **{**STEADY, "quorum": QUORUM},
    )
    signer = World(chain, None, None).account  # type: ignore[arg-type]
    deployment = deploy(
        chain, signer(9), parameters, [(signer(i).address, held) for i, held in enumerate(HELD)]
    )
    return World(chain, deployment, open_contract(chain, deployment))


SPOILT = ("high s", "wrong v", "cut", "nobody's", "somebody's")
WHOSE = ("unordered", "twice", "suspended", "stranger", "few")


def spoil(signature: bytes, faults: set[str]) -> bytes:
    """The signature, or one that does not count, or counts for somebody else."""
    s, v = int.from_bytes(signature[32:64], "big"), signature[64]
    match next((how for how in SPOILT if how in faults), None):
        case "high s":
            return signature[:32] + (ORDER - s).to_bytes(32, "big") + bytes([27 + 28 - v])
        case "wrong v":
            return signature[:64] + bytes([v - 27])
        case "cut":
            return signature[:-1]
        case "nobody's":
            return bytes(64) + bytes([v])
        case "somebody's":
            return signature[:63] + bytes([signature[63] ^ 1]) + signature[64:]
    return signature


def recovered(digest: bytes, signature: bytes, index: int) -> Address | Refusal:
    try:
        return recover(digest, signature)
    except SignatureError:
        return refused("InvalidSignature", index=index)


def ascending(council: Council, signer: Address, previous: Address) -> Answer:
    if signer <= previous:
        return refused("SignersNotAscending", previous=previous, signer=signer)
    return council.judge(signer)


def signers(council: Council, faults: set[str]) -> list[int]:
    """The accounts that sign: the three founders who may, ascending by address, but for the faults."""
    accounts = [0, 1, 2]
    accounts = [0, 1, 3] if "suspended" in faults else accounts
    accounts = [*accounts[:2], STRANGER] if "stranger" in faults else accounts
    accounts.sort(key=council.address, reverse="unordered" in faults)
    accounts = [*accounts[:2], accounts[1]] if "twice" in faults else accounts
    return accounts[1:] if "few" in faults else accounts


VOTE_FAULTS = (NONE, *WHOSE, *SPOILT, "reason", "late", "unknown", "gone", "founder")


@pytest.mark.parametrize("fault", VOTE_FAULTS)
@settings(FEW, max_examples=2)
@given(also=another(VOTE_FAULTS), left=st.integers(0, 100), which=st.integers(0, 2), reason=WORDS.filter(any))
def test_votes(council: Council, fault: str, also: str, left: int, which: int, reason: Digest) -> None:
    world, faults = council.world, {fault, also}
    account = 3 if "gone" in faults else 0 if "founder" in faults else JOINED
    motion = Suspension(
        council.address(STRANGER if "unknown" in faults else account),
        word(0) if "reason" in faults else reason,
        next_time(world) - (1 if "late" in faults else -left),
    )
    signatures = [signed(council, voter, motion) for voter in signers(council, faults)]
    place = which % len(signatures)
    signatures[place] = spoil(signatures[place], faults)
    digest = motion_digest(world.chain.chain_id, world.contract.address, motion)
    question = (motion.account, motion.reason, motion.deadline, signatures)
    expected = suspension_answer(council, motion, digest, signatures)
    assert ask(world, world.account(STRANGER), "suspendParty", question) == expected


def signed(council: Council, voter: int, motion: Suspension) -> bytes:
    world = council.world
    return sign_vote(world.account(voter), world.chain.chain_id, world.contract.address, motion).signature


def suspension_answer(
    council: Council, motion: Suspension, digest: bytes, signatures: Sequence[bytes]
) -> Answer:
    time = next_time(council.world)
    if not any(motion.reason):
        return refused("ZeroReason")
    if time > motion.deadline:
        return refused("SignaturesExpired", deadline=motion.deadline, time=time)
    if quorum := quorum_answer(council, digest, signatures):
        return quorum
    if motion.account == council.address(STRANGER):
        return refused("NotRegistered", account=motion.account)
    if motion.account == council.address(3):
        return refused("Suspended", account=motion.account, suspendedAt=council.suspended_at)
    if motion.account != council.address(JOINED):
        return refused("QuorumUnreachable", remaining=QUORUM - 1, quorum=QUORUM)
    return ()


def quorum_answer(council: Council, digest: bytes, signatures: Sequence[bytes]) -> Answer:
    if len(signatures) < QUORUM:
        return refused("TooFewSignatures", signatures=len(signatures), required=QUORUM)
    previous = Address(bytes(20))
    for index, signature in enumerate(signatures):
        signer = recovered(digest, signature, index)
        if isinstance(signer, Refusal):
            return signer
        if refusal := ascending(council, signer, previous):
            return refusal
        previous = signer
    return ()


TERMS = ("expired", "outside", "nonce", "withheld")
CANDIDATE = ("registered", "model", "empty", "beyond", "labels beyond", "labels short")
JOIN_FAULTS = (NONE, *CANDIDATE, *WHOSE, *SPOILT, *TERMS)


@pytest.mark.parametrize("fault", JOIN_FAULTS)
@settings(FEW, max_examples=2)
@given(
    also=another(JOIN_FAULTS),
    held=st.integers(1, CLASSES),
    free=st.integers(0, CLASSES),
    which=st.integers(0, 2),
)
def test_registrations(council: Council, fault: str, also: str, held: int, free: int, which: int) -> None:
    faults = {fault, also}
    joining = JOINED if "registered" in faults else JOINING
    model = card(0) if "model" in faults else MODEL
    held = 0 if "empty" in faults else held | (1 << 4 if "beyond" in faults else 0)
    labels = (held | free | (1 << 255 if "labels beyond" in faults else 0)) & (
        ~(held & -held) if "labels short" in faults else -1
    )
    given = [approval(council, joining, founder, held, labels, model) for founder in signers(council, faults)]
    place = which % len(given)
    given[place] = spoilt_approval(council, given[place], faults)
    structs = [(each.vouched_classes, each.nonce, each.deadline, each.signature) for each in given]
    sender = council.world.account(joining)
    answer = ask(council.world, sender, "registerRegularParty", (model, held, labels, structs))
    candidate = candidate_answer(council, joining, model, held, labels)
    expected = candidate or approvals_answer(council, held, given)
    assert answer == (expected or (len(HELD) + 2,))


def approval(
    council: Council,
    joining: int,
    founder: int,
    held: int,
    labels: int = CLASSES,
    model: ModelDigest = MODEL,
) -> Approval:
    """A founder's approval, for all classes that both the founder and the candidate hold."""
    vouched = held & (HELD[founder] if founder < len(HELD) else CLASSES)
    deadline, signer = next_time(council.world) + 10, council.address(founder)
    return sign(
        council, Approval(council.address(joining), model, held, labels, vouched, joining, deadline, signer)
    )


def sign(council: Council, given: Approval) -> Approval:
    world = council.world
    founder = next(each for each in range(6) if council.address(each) == given.signer)
    return sign_approval(world.account(founder), world.chain.chain_id, world.contract.address, given)


def spoilt_approval(council: Council, given: Approval, faults: set[str]) -> Approval:
    """The approval on other terms, well signed, or with a signature that does not count."""
    changes = {
        "expired": {"deadline": next_time(council.world) - 1},
        "outside": {"vouched_classes": given.vouched_classes | 1 << 3 | 1},
        "nonce": {"nonce": USED_NONCE},
        "withheld": {"vouched_classes": 0},
    }
    for name in TERMS:
        if name in faults:
            given = sign(council, replace(given, **changes[name]))
    return replace(given, signature=spoil(given.signature, faults))


def candidate_answer(council: Council, joining: int, model: ModelDigest, held: int, labels: int) -> Answer:
    if joining != JOINING:
        return refused("AlreadyRegistered", account=council.address(joining), party=len(HELD) + 1)
    if not any(model):
        return refused("ZeroModelCard")
    if held == 0:
        return refused("HeldClassesEmpty")
    for mask in (held, labels):
        if mask & ~CLASSES:
            return refused("ClassOutOfRange", mask=mask, allowed=CLASSES)
    if held & ~labels:
        return refused("HeldClassesOutsideLabelSpace", heldClasses=held, labelSpace=labels)
    return ()


def approvals_answer(council: Council, held: int, given: Sequence[Approval]) -> Answer:
    """Check the approvals in their order, then count, class by class, who vouches for it."""
    world, previous = council.world, Address(bytes(20))
    for index, each in enumerate(given):
        digest = approval_digest(world.chain.chain_id, world.contract.address, each)
        signer = recovered(digest, each.signature, index)
        if isinstance(signer, Refusal):
            return signer
        if refusal := ascending(council, signer, previous) or terms_answer(council, signer, each):
            return refusal
        previous = signer
    missing = sum(
        1 << label
        for label in range(CLASSES.bit_length())
        if held >> label & 1 and sum(each.vouched_classes >> label & 1 for each in given) < PER_CLASS
    )
    return refused("TooFewApprovals", classesMissing=missing, required=PER_CLASS) if missing else ()


def terms_answer(council: Council, signer: Address, given: Approval) -> Answer:
    time, founder = next_time(council.world), [council.address(each) for each in range(4)].index(signer)
    if time > given.deadline:
        return refused("ApprovalExpired", signer=signer, deadline=given.deadline, time=time)
    if given.vouched_classes & ~HELD[founder]:
        return refused(
            "VouchedOutsideHeldClasses", signer=signer, vouched=given.vouched_classes, held=HELD[founder]
        )
    if founder == 0 and given.nonce == USED_NONCE:
        return refused("ApprovalNonceUsed", signer=signer, nonce=given.nonce)
    return ()

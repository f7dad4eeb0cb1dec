"""Registrations: the contract admits a party on exactly the approvals that the Python twin admits it on."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from chain_scenarios import card
from council import (
    CLASSES,
    HELD,
    JOINED,
    JOINING,
    MODEL,
    PER_CLASS,
    SPOILT,
    USED_NONCE,
    WHOSE,
    Council,
    approval,
    ascending,
    recovered,
    sign,
    signers,
    spoil,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import FEW, NONE, Answer, Refusal, another, ask, next_time, refused

from bema_py.chain.approvals import Approval, approval_digest
from bema_py.chain.typed_data import SIGNATURE_LENGTH
from bema_py.core.types import Address, ModelDigest

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
    packed = b"".join(map(record, given))
    sender = council.world.account(joining)
    answer = ask(council.world, sender, "registerRegularParty", (model, held, labels, packed))
    candidate = candidate_answer(council, joining, model, held, labels)
    expected = candidate or approvals_answer(council, held, given)
    assert answer == (expected or (len(HELD) + 2,))


def record(given: Approval) -> bytes:
    """Write an approval as the interface's table says, whatever its signature's length."""
    fields = ((given.vouched_classes, 32), (given.nonce, 32), (given.deadline, 8))
    return b"".join(value.to_bytes(length, "big") for value, length in fields) + given.signature


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
    if any(len(each.signature) != SIGNATURE_LENGTH for each in given):
        length = sum(len(record(each)) for each in given)
        return refused("RecordCutShort", length=length, recordLength=72 + SIGNATURE_LENGTH)
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

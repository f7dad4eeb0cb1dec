"""Votes: the contract counts exactly the signatures that the Python twin counts."""

from collections.abc import Sequence

import pytest
from chain_scenarios import word
from council import JOINED, QUORUM, SPOILT, STRANGER, WHOSE, Council, ascending, recovered, signers, spoil
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import FEW, NONE, WORDS, Answer, Refusal, another, ask, next_time, refused

from bema_py.chain.typed_data import SIGNATURE_LENGTH
from bema_py.chain.votes import Suspension, motion_digest, sign_vote
from bema_py.core.types import Address, Digest

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
    question = (motion.account, motion.reason, motion.deadline, b"".join(signatures))
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
    length = len(b"".join(signatures))
    if length % SIGNATURE_LENGTH:
        return refused("RecordCutShort", length=length, recordLength=SIGNATURE_LENGTH)
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

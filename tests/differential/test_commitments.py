"""Commitments and reveals: the contract opens what the Python twin says was committed, while it says it may."""

import pytest
from chain_scenarios import EXPIRY, World, word
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import QUICK, WORDS, Answer, ask, refused

from bema_py.chain.commitments import batch_commitment
from bema_py.core.types import Commitment, Digest

Secret = tuple[Digest, Digest, Digest]
KEPT = 27
"""Bytes of an open commitment that the contract stores."""


@pytest.fixture(scope="module")
def opened(world: World) -> Commitment:
    """A commitment of party 2 that is revealed."""
    secret = word(4), word(5), word(6)
    commitment = commitment_of(world, 2, secret)
    world.contract.commit_batch(world.account(1), commitment)
    world.contract.reveal_batch(world.account(1), *secret)
    return commitment


@settings(QUICK, max_examples=15)
@given(
    committed=st.tuples(WORDS, WORDS, WORDS),
    other=st.tuples(WORDS, WORDS, WORDS),
    wait=st.integers(0, EXPIRY + 1),
)
def test_a_party_between_commitment_and_reveal(
    world: World, opened: Commitment, committed: Secret, other: Secret, wait: int
) -> None:
    world.chain.advance(EXPIRY)  # whatever an earlier example left open has expired
    commitment = commitment_of(world, 1, committed)
    done = world.contract.commit_batch(world.account(0), commitment)
    world.chain.advance(wait)
    block, last = world.chain.head().number + 1, done.receipt.block_number + EXPIRY
    for secret in (committed, (*other[:1], *committed[1:]), (*committed[:2], other[2])):
        assert ask(world, world.account(0), "revealBatch", secret) == reveal_answer(
            world, commitment, secret, block, last
        )
    fresh = commitment_of(world, 1, other)
    open_still = refused("CommitmentOpen", party=1, commitment=commitment[:KEPT], expiresAfterBlock=last)
    assert ask(world, world.account(0), "commitBatch", (fresh,)) == (open_still if block <= last else ())
    refusal = refused("CommitmentAlreadyRevealed", commitment=opened)
    assert ask(world, world.account(0), "commitBatch", (opened,)) == refusal


def reveal_answer(world: World, commitment: Commitment, secret: Secret, block: int, last: int) -> Answer:
    if block > last:
        return refused("CommitmentExpired", blockNumber=block, latest=last)
    revealed = commitment_of(world, 1, secret)
    if revealed != commitment:
        return refused("CommitmentMismatch", committed=commitment[:KEPT], revealed=revealed)
    return ()


def test_parties_that_have_committed_nothing(world: World, opened: Commitment) -> None:
    secret, stranger = (word(1), word(2), word(3)), world.account(5)
    no_party = refused("NotRegistered", account=stranger.address)
    assert ask(world, stranger, "revealBatch", secret) == no_party
    assert ask(world, stranger, "commitBatch", (word(1),)) == no_party
    assert ask(world, world.account(1), "revealBatch", secret) == refused("NoOpenCommitment", party=2)
    assert ask(world, world.account(1), "commitBatch", (word(0),)) == refused("ZeroCommitment")


def commitment_of(world: World, party: int, secret: Secret) -> Commitment:
    return batch_commitment(world.chain.chain_id, world.contract.address, party, *secret)

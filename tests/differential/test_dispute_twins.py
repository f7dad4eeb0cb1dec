"""Leaves, votes and targets: the contract on two chains and its Python twins, on the same random questions."""

from collections.abc import Iterator

import pytest
from chain_scenarios import (
    ANVIL,
    TARGET,
    World,
    anvil,
    close_genesis,
    has_anvil,
    new_world,
    next_header,
    word,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bema_py.chain.abi import encode_call
from bema_py.chain.connection import connect, embedded
from bema_py.chain.errors import ContractRevertError
from bema_py.chain.transactions import view
from bema_py.chain.votes import Motion, Rejection, Suspension, motion_digest, recover_voter, sign_vote
from bema_py.core.block_body import BodyLeaf
from bema_py.core.difficulty import TargetRule, target_at
from bema_py.core.leaves import CalibrationRecord, ModelUpdate, RewardLeaf, SampleLeaf
from bema_py.core.merkle import merkle_proof, merkle_root
from bema_py.core.types import Address, Digest, PartyType

WORDS = st.binary(min_size=32, max_size=32).map(Digest)
ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)
U32 = st.integers(0, 2**32 - 1)
BYTES = st.integers(0, 255)
MOTIONS = st.one_of(
    st.builds(Rejection, WORDS, WORDS), st.builds(Suspension, ADDRESSES, WORDS, st.integers(0, 2**256 - 1))
)
LEAVES = st.one_of(
    st.builds(
        CalibrationRecord, WORDS, ADDRESSES, st.sampled_from(PartyType), U32, U32, WORDS, WORDS, U32, U32, U32
    ),
    st.builds(SampleLeaf, WORDS, st.integers(1, 2**32 - 1), WORDS, U32, BYTES, BYTES),
    st.builds(ModelUpdate, st.integers(1, 2**32 - 1), WORDS, WORDS),
    st.builds(RewardLeaf, ADDRESSES, st.integers(1, 2**256 - 1)),
)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
needs_anvil = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


@pytest.fixture(scope="module", params=["embedded", pytest.param("anvil", marks=needs_anvil)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "embedded":
        with embedded() as chain:
            yield opened(new_world(chain))
    else:
        with anvil() as url, connect(url) as chain:
            yield opened(new_world(chain))


def opened(world: World) -> World:
    close_genesis(world)
    return world


@QUICK
@given(motion=MOTIONS)
def test_motion_digests(world: World, motion: Motion) -> None:
    chain_id, address = world.chain.chain_id, world.contract.address
    assert world.contract.motion_digest(motion) == motion_digest(chain_id, address, motion)
    vote = sign_vote(world.account(0), chain_id, address, motion)
    assert recover_voter(chain_id, address, motion, vote.signature) == world.account(0).address


@QUICK
@given(leaf=LEAVES, others=st.lists(WORDS, max_size=5), data=st.data())
def test_leaf_hashes_roots_and_proofs(
    world: World, leaf: BodyLeaf, others: list[Digest], data: st.DataObject
) -> None:
    """The contract finds the leaf under the root exactly where not one bit of it was changed."""
    index = data.draw(st.integers(0, len(others)))
    leaves = [*others[:index], leaf.leaf(), *others[index:]]
    header = next_header(world, 0, PartyType.ORIGINAL, root=merkle_root(leaves))
    world.contract.submit_block(world.account(0), header.encode(), word(7), len(leaves))
    preimage = bytearray(leaf.preimage())
    bit = data.draw(st.one_of(st.none(), st.integers(0, 8 * len(preimage) - 1)))
    if bit is not None:
        preimage[bit // 8] ^= 1 << bit % 8
    proof = (index, bytes(preimage), list(merkle_proof(leaves, index)))
    call = encode_call("rejectFalseLeaf", (header.encode(), len(leaves), proof))
    try:
        view(world.chain, "rejectFalseLeaf", world.contract.address, call)
    except ContractRevertError as error:
        assert error.name == ("NoFraud" if bit is None else "RootMismatch")
    else:
        assert bit is None


RULES_OF_TARGETS = st.builds(
    TargetRule,
    target=st.integers(TARGET // 2, 8 * TARGET),
    maximum=st.integers(8 * TARGET, 15 * TARGET),
    spacing=st.integers(1, 12),
    interval=st.integers(4, 6),
    patience=st.integers(1, 3),
)


@settings(QUICK, max_examples=6)
@given(rule=RULES_OF_TARGETS, gaps=st.lists(st.integers(1, 40), min_size=9, max_size=13), data=st.data())
def test_targets(world: World, rule: TargetRule, gaps: list[int], data: st.DataObject) -> None:
    other = opened(
        new_world(
            world.chain,
            target=rule.target,
            max_target=rule.maximum,
            block_spacing=rule.spacing,
            retarget_interval=rule.interval,
            easing_spacings=rule.patience,
        )
    )
    start, submitted = other.contract.tip().submitted_at, []
    for gap in gaps:
        other.chain.advance(gap)
        for time in (start, data.draw(st.integers(0, 2**40)), other.chain.head().timestamp + 1):
            assert other.contract.target_at(time) == target_at(rule, start, submitted, time)
        target = target_at(rule, start, submitted, other.chain.head().timestamp)
        header = next_header(other, 0, PartyType.ORIGINAL, target=target)
        done = other.contract.submit_block(other.account(0), header.encode(), word(7), 1)
        assert done.event.target == target_at(rule, start, submitted, done.receipt.block_time)
        submitted.append(done.receipt.block_time)

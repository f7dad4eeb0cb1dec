"""Hashes and digests: the contract and its Python twins, on the same random fields."""

from chain_scenarios import RULES, World
from hypothesis import given
from hypothesis import strategies as st
from questions import ADDRESSES, NUMBERS, QUICK, U32, U64, WORDS

from bema_py.chain.approvals import Approval, approval_digest, recover_signer, sign_approval
from bema_py.chain.commitments import batch_commitment
from bema_py.chain.votes import Motion, Rejection, Suspension, motion_digest, recover_voter, sign_vote
from bema_py.core.header import genesis_hash
from bema_py.core.types import Digest, ModelDigest, PartyId

APPROVALS = st.builds(
    Approval,
    account=ADDRESSES,
    model_card=WORDS.map(ModelDigest),
    held_classes=NUMBERS,
    label_space=NUMBERS,
    vouched_classes=NUMBERS,
    nonce=NUMBERS,
    deadline=U64,
    signer=ADDRESSES,
)
MOTIONS = st.one_of(st.builds(Rejection, WORDS, WORDS), st.builds(Suspension, ADDRESSES, WORDS, U64))


def test_genesis_hash(world: World) -> None:
    twin = genesis_hash(world.chain.chain_id, world.contract.address, RULES)
    assert world.contract.genesis_hash() == world.contract.tip().block_hash == twin


@QUICK
@given(party=U32, root=WORDS, content=WORDS, salt=WORDS)
def test_batch_commitments(world: World, party: PartyId, root: Digest, content: Digest, salt: bytes) -> None:
    twin = batch_commitment(world.chain.chain_id, world.contract.address, party, root, content, salt)
    assert world.contract.batch_commitment(party, root, content, salt) == twin


@QUICK
@given(approval=APPROVALS)
def test_approval_digests(world: World, approval: Approval) -> None:
    twin = approval_digest(world.chain.chain_id, world.contract.address, approval)
    assert world.contract.approval_digest(approval) == twin


@QUICK
@given(motion=MOTIONS)
def test_motion_digests(world: World, motion: Motion) -> None:
    """Of suspensions and rejections."""
    twin = motion_digest(world.chain.chain_id, world.contract.address, motion)
    assert world.contract.motion_digest(motion) == twin


def test_the_chains_sign_what_the_contract_expects(world: World) -> None:
    chain_id, address, founder = world.chain.chain_id, world.contract.address, world.account(0)
    motion = Suspension(world.account(1).address, RULES, 1 << 63)
    vote = sign_vote(founder, chain_id, address, motion)
    assert recover_voter(chain_id, address, motion, vote.signature) == founder.address
    approval = Approval(world.account(2).address, ModelDigest(RULES), 3, 7, 1, 1 << 200, 5, founder.address)
    signed = sign_approval(founder, chain_id, address, approval)
    assert recover_signer(chain_id, address, signed) == founder.address

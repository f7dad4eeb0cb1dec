"""Rewards that went down: the contract finds a decrease between two blocks exactly where the Python twin does."""

from dataclasses import dataclass

import pytest
from chain_scenarios import World, close_genesis, new_world, next_header, word
from hypothesis import given
from hypothesis import strategies as st
from questions import FEW, NONE, Answer, another, ask, next_time, refused, root_of, twin_of

from bema_py.chain.connection import Chain
from bema_py.chain.dispute_calls import LeafProof, ProvenLeaf
from bema_py.chain.events import Fraud
from bema_py.chain.votes import Rejection, sign_vote
from bema_py.core.block_body import BodyLeaf
from bema_py.core.errors import BemaError
from bema_py.core.hashing import sha256d
from bema_py.core.header import BlockHeader
from bema_py.core.leaves import ModelUpdate, RewardLeaf
from bema_py.core.merkle import merkle_proof, merkle_root, verify_inclusion
from bema_py.core.types import Address, PartyType

BOND, WINDOW = 1000, 300
ONE, TWO, THREE = (Address(bytes([key]) * 20) for key in (1, 2, 3))
REWARDS = (
    {ONE: 100, TWO: 50},
    {ONE: 100, TWO: 50, THREE: 2**200},
    {ONE: 99, TWO: 51, THREE: 2**200 - 1},
    {ONE: 98, TWO: 52},
    {ONE: 97, TWO: 49, THREE: 2**200 + 1},
)
"""Cumulative rewards: a block whose window is closed, two that are pending, an orphaned one, and the tip."""
CLOSED, ORPHANED = 0, 3


@dataclass(frozen=True)
class Block:
    """A block: an update as its first leaf, and its rewards."""

    header: BlockHeader
    height: int
    submitted_at: int
    leaves: list[BodyLeaf]

    def proven(self, index: int) -> ProvenLeaf:
        hashes = [leaf.leaf() for leaf in self.leaves]
        proof = LeafProof(index, self.leaves[index].preimage(), merkle_proof(hashes, index))
        return ProvenLeaf(self.header.encode(), len(self.leaves), proof)


@dataclass(frozen=True)
class History:
    """The blocks of `REWARDS`."""

    world: World
    blocks: list[Block]


@pytest.fixture(scope="module")
def history(chain: Chain) -> History:
    world = new_world(chain, bond=BOND, max_reward_per_block=BOND, challenge_window=WINDOW)
    close_genesis(world)
    blocks = [submit(world, REWARDS[CLOSED])]
    chain.advance(WINDOW + 1)
    blocks += [submit(world, rewards) for rewards in REWARDS[1:4]]
    rejection = Rejection(blocks[ORPHANED].header.hash(), word(1))
    vote = sign_vote(world.account(0), chain.chain_id, world.contract.address, rejection)
    world.contract.reject_block(world.account(5), blocks[ORPHANED].header.encode(), rejection, [vote])
    blocks.append(submit(world, REWARDS[4]))
    return History(world, blocks)


def submit(world: World, rewards: dict[Address, int]) -> Block:
    leaves = [ModelUpdate(1, word(1), word(2)), *(RewardLeaf(*reward) for reward in rewards.items())]
    header = next_header(world, 0, PartyType.ORIGINAL, root=merkle_root([leaf.leaf() for leaf in leaves]))
    event = world.contract.submit_block(
        world.account(0), header.encode(), word(7), len(leaves), bond=BOND
    ).event
    return Block(header, event.height, event.position.time, leaves)


FAULTS = (NONE, "length", "unknown", "bit", "count", "index", "short", "update", "account")
"""What can be wrong with either leaf; which block it lies in is drawn."""


@pytest.mark.parametrize("fault", FAULTS)
@FEW
@given(also=another(FAULTS), data=st.data())
def test_decreases(history: History, fault: str, also: str, data: st.DataObject) -> None:
    account = data.draw(st.sampled_from((ONE, TWO, THREE)))
    faults = (fault, also) if data.draw(st.booleans()) else (also, fault)
    later, earlier = (drawn(history, account, each, data) for each in faults)
    answer = ask(history.world, history.world.account(6), "rejectDecreasedReward", question(later, earlier))
    assert answer == python_answer(history, later, earlier)


def test_every_pair_of_blocks(history: History) -> None:
    """Without a fault: what decides is where the blocks lie, and the two figures."""
    seen = set()
    for account in (ONE, TWO, THREE):
        having = [block for block in history.blocks if place(block, account)]
        for block in having:
            for earlier in having:
                leaves = block.proven(place(block, account)), earlier.proven(place(earlier, account))
                asker = history.world.account(6)
                answer = ask(history.world, asker, "rejectDecreasedReward", question(*leaves))
                assert answer == python_answer(history, *leaves)
                seen.add(answer if isinstance(answer, tuple) else answer.name)
    assert seen == {(), "NoFraud", "NotAncestor", "BlockOrphaned", "ChallengeWindowClosed"}


def place(block: Block, account: Address) -> int:
    """Where the account's reward lies in the block; 0, which is the update's place, where it has none."""
    leaves = enumerate(block.leaves)
    return next((at for at, leaf in leaves if isinstance(leaf, RewardLeaf) and leaf.account == account), 0)


def drawn(history: History, account: Address, fault: str, data: st.DataObject) -> ProvenLeaf:
    """A leaf of some block: the account's reward where the block has one, but for the fault."""
    block = data.draw(st.sampled_from(history.blocks))
    at = 0 if fault == "update" else place(block, account)
    at = 1 + at % 2 if fault == "account" else at
    leaf = block.proven(at)
    raw, preimage, siblings = leaf.header, bytearray(leaf.proof.preimage), list(leaf.proof.siblings)
    raw = raw[:-1] + bytes([raw[-1] ^ 1]) if fault == "unknown" else raw
    bit = data.draw(st.integers(0, 8 * len(preimage) - 1))
    preimage[bit // 8] ^= 1 << bit % 8 if fault == "bit" else 0
    return ProvenLeaf(
        raw[:-1] if fault == "length" else raw,
        leaf.leaf_count + (2 if fault == "count" else 0),
        LeafProof(
            at + (leaf.leaf_count if fault == "index" else 0),
            bytes(preimage),
            siblings[1:] if fault == "short" else siblings,
        ),
    )


def question(later: ProvenLeaf, earlier: ProvenLeaf) -> tuple[object, ...]:
    first, second = ((each.header, each.leaf_count, each.proof.to_struct()) for each in (later, earlier))
    return *first, *second


def python_answer(history: History, later: ProvenLeaf, earlier: ProvenLeaf) -> Answer:
    """The checks of `rejectDecreasedReward`, from the later block to the earlier one to their figures."""
    try:
        block = block_of(history, later)
        if not isinstance(block, Block):
            return block
        time, closed = next_time(history.world), block.submitted_at + WINDOW
        if time > closed:
            return refused("ChallengeWindowClosed", time=time, closedAt=closed)
        if refusal := not_in(later):
            return refusal
        ancestor = block_of(history, earlier)
        if not isinstance(ancestor, Block):
            return ancestor
        if ancestor.height >= block.height:
            return refused("NotAncestor", height=ancestor.height, below=block.height)
        if refusal := not_in(earlier):
            return refusal
    except BemaError as error:
        return twin_of(error)
    return figures_answer(block, ancestor, later.proof.index, earlier.proof.index)


def block_of(history: History, leaf: ProvenLeaf) -> Block | Answer:
    header = BlockHeader.decode(leaf.header)
    block = next((each for each in history.blocks if each.header == header), None)
    if block is None:
        return refused("BlockUnknown", blockHash=header.hash())
    if block is history.blocks[ORPHANED]:
        return refused("BlockOrphaned", blockHash=header.hash())
    return block


def not_in(leaf: ProvenLeaf) -> Answer:
    """The refusal of a leaf that the proof does not place in its block."""
    required, hashed = BlockHeader.decode(leaf.header).merkle_root, sha256d(leaf.proof.preimage)
    index, siblings = leaf.proof.index, leaf.proof.siblings
    if verify_inclusion(required, hashed, index, leaf.leaf_count, siblings):
        return ()
    return refused("RootMismatch", given=root_of(hashed, index, leaf.leaf_count, siblings), required=required)


def figures_answer(block: Block, ancestor: Block, index: int, earlier_index: int) -> Answer:
    """What two leaves say that lie where they should."""
    leaf, earlier = block.leaves[index], ancestor.leaves[earlier_index]
    if not isinstance(earlier, RewardLeaf):
        return refused("NotRewardLeaf", index=earlier_index)
    if not isinstance(leaf, RewardLeaf):
        return refused("NotRewardLeaf", index=index)
    if leaf.account != earlier.account:
        return refused("AccountMismatch", earlier=earlier.account, later=leaf.account)
    honest = refused("NoFraud", blockHash=block.header.hash())
    return () if leaf.cumulative < earlier.cumulative else honest


def test_a_decrease_goes_on_record(history: History) -> None:
    """Runs last: it changes what the questions above are about."""
    block, ancestor = history.blocks[4], history.blocks[2]
    later, earlier = block.proven(place(block, ONE)), ancestor.proven(place(ancestor, ONE))
    done = history.world.contract.reject_decreased_reward(history.world.account(6), later, earlier)
    assert (done.event.block_hash, done.event.fraud) == (block.header.hash(), Fraud.REWARD_DECREASED)
    refusal = ask(history.world, history.world.account(6), "rejectDecreasedReward", question(later, earlier))
    assert refusal == refused("BlockOrphaned", blockHash=block.header.hash())

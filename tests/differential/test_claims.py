"""Claims: the contract pays a reward leaf exactly where, and as far as, the Python twin says it is owed."""

from dataclasses import dataclass

import pytest
from chain_scenarios import World, close_genesis, join, new_world, next_header, word
from hypothesis import given
from hypothesis import strategies as st
from questions import FEW, Answer, Refusal, another, ask, next_time, refused, root_of, twin_of

from bema_py.chain.connection import Chain
from bema_py.chain.votes import Rejection, Suspension, sign_vote
from bema_py.core.errors import BemaError
from bema_py.core.header import BlockHeader
from bema_py.core.leaves import RewardLeaf
from bema_py.core.merkle import merkle_proof, merkle_root, verify_inclusion
from bema_py.core.types import Digest, PartyType

BOND, CAP, FUNDED, WINDOW = 1000, 600, 1500, 30
MINER, SUSPENDED, EARLY, OWED, OTHER = 0, 2, 3, 4, 5
CLAIMED = {EARLY: 50}
"""What was claimed before the questions, at height 1."""
REWARDS = (
    {SUSPENDED: 100, EARLY: 50},
    {SUSPENDED: 300, EARLY: 50, OWED: 1300},
    {SUSPENDED: 400, EARLY: 700, OWED: 1200, OTHER: 2451},
    {EARLY: 800, OWED: 1200},
    {SUSPENDED: 401, EARLY: 801, OWED: 1200},
)
"""Cumulative rewards, in wei, by account: three final blocks, an orphaned one, and one in its window."""


@dataclass(frozen=True)
class Rewarding:
    """A block: its header, height, time, and its reward leaves by account."""

    header: BlockHeader
    height: int
    submitted_at: int
    rewards: dict[int, int]
    leaves: list[Digest]


@dataclass(frozen=True)
class Payday:
    """The blocks of `REWARDS`; account 2 was suspended between the second and the third of them."""

    world: World
    blocks: list[Rewarding]
    suspended_at: int


@pytest.fixture(scope="module")
def payday(chain: Chain) -> Payday:
    world = new_world(chain, bond=BOND, max_reward_per_block=CAP, challenge_window=WINDOW)
    close_genesis(world)
    join(world, SUSPENDED)
    world.contract.fund(world.account(OTHER), FUNDED)
    blocks = [submit(world, rewards) for rewards in REWARDS[:2]]
    suspended_at = suspend(world)
    blocks.append(submit(world, REWARDS[2]))
    chain.advance(WINDOW + 1)
    claim(world, blocks[0], EARLY)
    blocks.append(submit(world, REWARDS[3]))
    rejection = Rejection(blocks[3].header.hash(), word(1))
    vote = sign_vote(world.account(0), chain.chain_id, world.contract.address, rejection)
    world.contract.reject_block(world.account(OTHER), blocks[3].header.encode(), rejection, [vote])
    blocks.append(submit(world, REWARDS[4]))
    return Payday(world, blocks, suspended_at)


def submit(world: World, rewards: dict[int, int]) -> Rewarding:
    leaves = [RewardLeaf(world.account(who).address, amount).leaf() for who, amount in rewards.items()]
    header = next_header(world, MINER, PartyType.ORIGINAL, root=merkle_root(leaves))
    signer = world.account(MINER)
    event = world.contract.submit_block(signer, header.encode(), word(7), len(leaves), bond=BOND).event
    return Rewarding(header, event.height, event.position.time, rewards, leaves)


def suspend(world: World) -> int:
    motion = Suspension(world.account(SUSPENDED).address, word(1), 2**40)
    vote = sign_vote(world.account(0), world.chain.chain_id, world.contract.address, motion)
    return world.contract.suspend_party(world.account(OTHER), motion, [vote]).event.position.time


def claim(world: World, block: Rewarding, account: int) -> int:
    index = list(block.rewards).index(account)
    proof = merkle_proof(block.leaves, index)
    arguments = (block.header.encode(), len(block.leaves), index, block.rewards[account], proof)
    return world.contract.claim_reward(world.account(account), *arguments).event.amount


FAULTS = ("open", "orphaned", "unknown", "length", "sender", "index", "count", "amount", "short", "order")


@pytest.mark.parametrize("fault", FAULTS)
@FEW
@given(also=another(FAULTS), data=st.data())
def test_claims(payday: Payday, fault: str, also: str, data: st.DataObject) -> None:
    faults = {fault, also}
    block = payday.blocks[
        3 if "orphaned" in faults else 4 if "open" in faults else data.draw(st.integers(0, 2))
    ]
    leaf = data.draw(st.sampled_from(list(block.rewards)))
    sender = data.draw(st.sampled_from((EARLY, OWED, OTHER))) if "sender" in faults else leaf
    question = wrong_claim(block, list(block.rewards).index(leaf), block.rewards[leaf], faults)
    answer = ask(payday.world, payday.world.account(sender), "claimReward", question)
    assert answer == python_answer(payday, sender, *question)


def test_every_leaf(payday: Payday) -> None:
    """Claims without a fault: the answer depends on the money, and on who was suspended when."""
    seen = set()
    for block in payday.blocks:
        for index, (account, amount) in enumerate(block.rewards.items()):
            question = wrong_claim(block, index, amount, set())
            answer = ask(payday.world, payday.world.account(account), "claimReward", question)
            assert answer == python_answer(payday, account, *question)
            seen.add(answer.name if isinstance(answer, Refusal) else answer)
    money = {"NothingToClaim", "ClaimBeyondCap", "ClaimBeyondPool"}
    assert seen == {(), "Suspended", "ChallengeWindowOpen", "BlockOrphaned", *money}


def wrong_claim(
    block: Rewarding, own: int, amount: int, faults: set[str]
) -> tuple[bytes, int, int, int, list[Digest]]:
    """The question that pays the block's leaf `own`, but for the faults."""
    raw, proof = block.header.encode(), list(merkle_proof(block.leaves, own))
    raw = raw[:-1] + bytes([raw[-1] ^ 1]) if "unknown" in faults else raw
    proof = proof[::-1] if "order" in faults else proof
    return (
        raw[:-1] if "length" in faults else raw,
        len(block.leaves) + (1 if "count" in faults else 0),
        own + (2 if "index" in faults else 0),
        amount + (1 if "amount" in faults else 0),
        proof[1:] if "short" in faults else proof,
    )


def python_answer(
    payday: Payday, sender: int, raw: bytes, count: int, index: int, cumulative: int, proof: list[Digest]
) -> Answer:
    """The checks of `claimReward` from the block to the leaf to the money."""
    account = payday.world.account(sender).address
    leaf = RewardLeaf(account, cumulative).leaf()
    try:
        header = BlockHeader.decode(raw)
        block = next((each for each in payday.blocks if each.header == header), None)
        if block is None:
            return refused("BlockUnknown", blockHash=header.hash())
        if refusal := block_answer(payday, sender, block):
            return refusal
        if not verify_inclusion(header.merkle_root, leaf, index, count, proof):
            found = root_of(leaf, index, count, proof)
            return refused("RootMismatch", given=found, required=header.merkle_root)
    except BemaError as error:
        return twin_of(error)
    return money_answer(CLAIMED.get(sender, 0), cumulative, block.height)


def block_answer(payday: Payday, sender: int, block: Rewarding) -> Answer:
    time, closes = next_time(payday.world), block.submitted_at + WINDOW
    if block is payday.blocks[3]:
        return refused("BlockOrphaned", blockHash=block.header.hash())
    if time <= closes:
        return refused("ChallengeWindowOpen", time=time, closesAt=closes)
    if sender == SUSPENDED and block.submitted_at >= payday.suspended_at:
        account = payday.world.account(sender).address
        return refused("Suspended", account=account, suspendedAt=payday.suspended_at)
    return ()


def money_answer(claimed: int, cumulative: int, height: int) -> Answer:
    total, pool = sum(CLAIMED.values()), FUNDED + BOND  # the rejected block's bond was slashed
    amount = cumulative - claimed
    if amount <= 0:
        return refused("NothingToClaim", cumulative=cumulative, claimed=claimed)
    if amount > pool - total:
        return refused("ClaimBeyondPool", amount=amount, pool=pool - total)
    if total + amount > CAP * height:
        return refused("ClaimBeyondCap", claimed=total + amount, cap=CAP * height)
    return ()


def test_what_was_claimed_is_paid_once(payday: Payday) -> None:
    """Runs last: it changes what the questions above are about."""
    world, final = payday.world, payday.blocks[2]
    assert claim(world, final, EARLY) == REWARDS[2][EARLY] - CLAIMED[EARLY]
    pool = world.contract.pool()
    assert (pool.claimed, pool.finalised_height) == (REWARDS[2][EARLY], final.height)
    paid = world.contract.withdraw(world.account(EARLY), world.account(OTHER).address).event.amount
    assert paid == REWARDS[2][EARLY]
    refusal = ask(world, world.account(EARLY), "withdraw", (world.account(OTHER).address,))
    assert refusal == refused("NothingToWithdraw", account=world.account(EARLY).address)

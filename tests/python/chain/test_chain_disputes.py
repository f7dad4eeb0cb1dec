"""Votes, bonds, rewards and rollbacks through the typed methods, and what the contract refuses."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from chain_scenarios import FAR, RULES, TARGET, World, close_genesis, join, new_world, next_header, word

from bema_py.chain.connection import embedded
from bema_py.chain.contract import BlockStatus, Standing
from bema_py.chain.dispute_calls import LeafProof, ProvenLeaf
from bema_py.chain.errors import ContractRevertError, PlainFormError, SignatureError, VotesError
from bema_py.chain.event_reader import read_events
from bema_py.chain.events import Fraud, PoolFunded
from bema_py.chain.money_calls import PoolState, RewardState
from bema_py.chain.signers import local_signer
from bema_py.chain.votes import Motion, Rejection, Suspension, Vote, check_vote, motion_digest, sign_vote
from bema_py.core.header import BlockHeader
from bema_py.core.leaves import RewardLeaf
from bema_py.core.merkle import merkle_proof, merkle_root
from bema_py.core.types import Address, Commitment, PartyType

BOND = 10**15
WINDOW = 20


@pytest.fixture
def money() -> Iterator[World]:
    """Two founders who must both vote, bonds, and a short challenge window."""
    with embedded() as chain:
        world = new_world(chain, quorum=2, bond=BOND, max_reward_per_block=BOND, challenge_window=WINDOW)
        close_genesis(world)
        join(world, 2)
        yield world


def votes(world: World, motion: Motion, *founders: int) -> list[Vote]:
    return [
        sign_vote(world.account(index), world.chain.chain_id, world.contract.address, motion)
        for index in founders or (0, 1)
    ]


def submit(world: World, miner: int = 5, root: bytes = RULES, leaves: int = 1) -> BlockHeader:
    header = next_header(world, miner, PartyType.NEITHER, root=root)  # type: ignore[arg-type]
    world.contract.submit_block(world.account(miner), header.encode(), word(7), leaves, bond=BOND)
    return header


def test_a_vote_is_signed_as_the_contract_reads_it(money: World) -> None:
    for motion in (Rejection(word(1), word(2)), Suspension(money.account(2).address, word(2), FAR)):
        chain_id, address = money.chain.chain_id, money.contract.address
        assert motion_digest(chain_id, address, motion) == money.contract.motion_digest(motion)
        vote = sign_vote(money.account(0), chain_id, address, motion)
        check_vote(chain_id, address, vote)
        assert Vote.from_plain(vote.to_plain()) == vote
        with pytest.raises(SignatureError, match="signed it, not"):
            check_vote(chain_id, address, replace(vote, motion=replace(motion, reason=word(3))))
        with pytest.raises(SignatureError, match="its v is"):
            check_vote(chain_id, address, replace(vote, signature=vote.signature[:64] + b"\x03"))


def test_the_plain_form_of_votes_is_strict() -> None:
    vote = sign_vote(local_signer(b"\x07" * 32), 1, Address(bytes(20)), Rejection(word(1), word(2)))
    plain = vote.to_plain()
    for change, problem in (
        ({"extra": 1}, "extra is unknown"),
        ({"signer": "0x12"}, "1 bytes, not 20"),
        ({"rejection": {"block_hash": plain["rejection"]["block_hash"]}}, "reason is missing"),
    ):
        with pytest.raises(PlainFormError, match=problem):
            Vote.from_plain({**plain, **change})
    with pytest.raises(PlainFormError, match="no rejection and no suspension"):
        Vote.from_plain({"signer": plain["signer"], "signature": plain["signature"]})


def test_a_block_without_its_bond_is_refused(money: World) -> None:
    header = next_header(money, 5, PartyType.NEITHER)
    with pytest.raises(ContractRevertError, match=f"BondMismatch\\(given=0, required={BOND}\\)"):
        money.contract.submit_block(money.account(5), header.encode(), word(7), 1)
    with pytest.raises(ContractRevertError, match="BondMismatch"):
        money.contract.submit_block(money.account(5), header.encode(), word(7), 1, bond=BOND + 1, gas=500_000)


def test_a_rejected_block_is_slashed_and_its_descendant_is_not(money: World) -> None:
    contract = money.contract
    genesis = contract.tip().block_hash
    first, second = submit(money), submit(money, miner=6)
    assert contract.block_of(first.hash()).status is BlockStatus.PENDING
    motion = Rejection(first.hash(), word(9))
    with pytest.raises(ContractRevertError, match=r"TooFewSignatures\(signatures=1, required=2\)"):
        contract.reject_block(money.account(7), first.encode(), motion, votes(money, motion, 0))
    done = contract.reject_block(money.account(7), first.encode(), motion, votes(money, motion)[::-1])
    assert (done.event.height, done.event.block_hash, done.event.tip) == (1, first.hash(), genesis)
    assert (done.event.fraud, done.event.reason, len(done.event.signatures)) == (Fraud.NONE, word(9), 2)
    slashed = done.receipt.events[0]
    assert isinstance(slashed, PoolFunded)
    assert (slashed.from_, slashed.amount, slashed.funded) == (money.account(5).address, BOND, BOND)
    assert contract.tip().block_hash == genesis
    for header in (first, second):
        assert contract.block_of(header.hash()).status is BlockStatus.ORPHANED
    with pytest.raises(ContractRevertError, match="NotBondOwner"):
        contract.withdraw_bond(money.account(5), first.hash(), money.account(5).address)
    returned = contract.withdraw_bond(money.account(6), second.hash(), money.account(8).address).event
    assert (returned.miner, returned.to, returned.amount) == (
        money.account(6).address,
        money.account(8).address,
        BOND,
    )
    assert contract.block_of(second.hash()).bond_owner is None
    with pytest.raises(ContractRevertError, match="BlockAlreadyAccepted"):
        contract.submit_block(money.account(5), first.encode(), word(7), 1, bond=BOND)


def test_votes_on_another_motion_are_not_sent(money: World) -> None:
    first = submit(money)
    motion = Rejection(first.hash(), word(9))
    with pytest.raises(VotesError, match="these votes carry no motion"):
        money.contract.reject_block(
            money.account(7), first.encode(), motion, votes(money, Rejection(first.hash(), word(8)))
        )


def test_a_final_block_is_not_rejected_and_pays(money: World) -> None:
    contract, account = money.contract, money.account(5)
    contract.fund(money.account(8), 5 * BOND)
    leaves = [word(1), RewardLeaf(account.address, BOND).leaf()]
    block = submit(money, root=merkle_root(leaves), leaves=2)
    claim = (block.encode(), 2, 1, BOND, merkle_proof(leaves, 1))
    with pytest.raises(ContractRevertError, match="ChallengeWindowOpen"):
        contract.claim_reward(account, *claim)
    with pytest.raises(ContractRevertError, match="ChallengeWindowOpen"):
        contract.withdraw_bond(account, block.hash(), account.address)
    money.chain.advance(WINDOW)
    motion = Rejection(block.hash(), word(9))
    with pytest.raises(ContractRevertError, match="ChallengeWindowClosed"):
        contract.reject_block(account, block.encode(), motion, votes(money, motion))
    with pytest.raises(ContractRevertError, match="RootMismatch"):
        contract.claim_reward(account, *claim[:3], BOND + 1, claim[4])
    event = contract.claim_reward(account, *claim).event
    assert (event.account, event.block_hash, event.amount, event.cumulative) == (
        account.address,
        block.hash(),
        BOND,
        BOND,
    )
    assert contract.pool() == PoolState(5 * BOND, BOND, 1)
    assert contract.rewards_of(account.address) == RewardState(BOND, 0)
    with pytest.raises(ContractRevertError, match="NothingToClaim"):
        contract.claim_reward(account, *claim)
    taken = contract.withdraw(account, money.account(9).address).event
    assert (taken.account, taken.to, taken.amount) == (account.address, money.account(9).address, BOND)
    assert contract.rewards_of(account.address) == RewardState(BOND, BOND)
    contract.withdraw_bond(account, block.hash(), account.address)
    assert contract.block_of(block.hash()).status is BlockStatus.FINAL


def test_a_suspended_party_is_out(money: World) -> None:
    contract, party = money.contract, money.account(2)
    motion = Suspension(party.address, word(9), FAR)
    assert contract.standing_of(party.address) == Standing(PartyType.REGULAR, None)
    done = contract.suspend_party(money.account(7), motion, votes(money, motion))
    assert (done.event.party, done.event.account, done.event.deadline) == (3, party.address, FAR)
    assert contract.standing_of(party.address) == Standing(PartyType.REGULAR, done.receipt.block_time)
    with pytest.raises(ContractRevertError, match="Suspended"):
        contract.commit_batch(party, Commitment(word(1)))
    founder = Suspension(money.account(0).address, word(9), FAR)
    with pytest.raises(ContractRevertError, match=r"QuorumUnreachable\(remaining=1, quorum=2\)"):
        contract.suspend_party(money.account(7), founder, votes(money, founder))
    late = Suspension(party.address, word(9), money.chain.head().timestamp)
    with pytest.raises(ContractRevertError, match="SignaturesExpired"):
        contract.suspend_party(money.account(7), late, votes(money, late))


def test_fraud_that_the_contract_sees(money: World) -> None:
    contract, anybody = money.contract, money.account(7)
    reward = RewardLeaf(money.account(5).address, 1)
    leaves = [reward.leaf()] * 2
    block = submit(money, root=merkle_root(leaves), leaves=2)
    first, second = (LeafProof(index, reward.preimage(), merkle_proof(leaves, index)) for index in range(2))
    proven = ProvenLeaf(block.encode(), 2, first)
    with pytest.raises(ContractRevertError, match="NotAncestor"):
        contract.reject_decreased_reward(anybody, proven, proven)
    done = contract.reject_unordered_leaves(anybody, proven, second)
    assert Fraud(done.event.fraud) is Fraud.LEAVES_OUT_OF_ORDER
    assert (done.event.reason, done.event.signatures) == (bytes(32), ())
    block = submit(money, root=merkle_root(leaves), leaves=2)
    done = contract.reject_false_leaf(anybody, replace(proven, header=block.encode()))
    assert Fraud(done.event.fraud) is Fraud.FIRST_LEAF_NOT_RECORD


def test_the_target_eases_while_no_block_comes() -> None:
    with embedded() as chain:
        world = new_world(chain, max_target=4 * TARGET, block_spacing=2, easing_spacings=3)
        close_genesis(world)
        opened = world.contract.tip().submitted_at
        targets = [world.contract.target_at(opened + waited) for waited in (0, 7, 8, 10, 100)]
        assert targets == [TARGET, TARGET, 2 * TARGET, 4 * TARGET, 4 * TARGET]


def test_events_are_read_back(money: World) -> None:
    money.contract.fund(money.account(8), 7)
    funded = list(read_events(money.chain, money.contract.address, 0, money.chain.head().number))[-1]
    assert isinstance(funded, PoolFunded)
    assert (funded.from_, funded.amount, funded.funded) == (money.account(8).address, 7, 7)

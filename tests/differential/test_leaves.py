"""Leaves: what the contract finds false in a leaf, and where under a root it finds the leaf, as Python does."""

from dataclasses import dataclass, replace

import pytest
from chain_scenarios import RULES, World, next_header, word
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import ADDRESSES, QUICK, U32, WORDS, Answer, ask, refused, root_of

from bema_py.chain.dispute_calls import LeafProof, ProvenLeaf
from bema_py.chain.events import Fraud
from bema_py.core.block_body import BodyLeaf
from bema_py.core.hashing import sha256d
from bema_py.core.header import BlockHeader
from bema_py.core.leaves import CalibrationRecord, ModelUpdate, RewardLeaf, SampleLeaf
from bema_py.core.merkle import merkle_proof, merkle_root
from bema_py.core.types import Commitment, Digest, PartyType

BOND, FUNDED, PARTIES = 1000, 1500, 2
BYTES = st.integers(0, 255)


@dataclass(frozen=True)
class Placed:
    """Leaves in an accepted block, as bytes."""

    header: BlockHeader
    preimages: list[bytes]

    @property
    def hashes(self) -> list[Digest]:
        return [sha256d(each) for each in self.preimages]

    def proof(self, index: int) -> LeafProof:
        return LeafProof(index, self.preimages[index], merkle_proof(self.hashes, index))


@pytest.fixture(scope="module")
def revealed(world: World) -> Commitment:
    """What party 1 committed to and opened."""
    secret = word(1), word(2), word(3)
    commitment = world.contract.batch_commitment(1, *secret)
    world.contract.commit_batch(world.account(0), commitment)
    world.contract.reveal_batch(world.account(0), *secret)
    return commitment


def leaves_of(world: World, revealed: Commitment) -> st.SearchStrategy[BodyLeaf]:
    """Leaves of which every field is now and then what the contract would accept."""
    records = st.builds(
        CalibrationRecord,
        st.one_of(st.just(RULES), st.just(RULES), WORDS),
        st.sampled_from((world.account(0).address, world.account(0).address, world.account(1).address)),
        st.sampled_from((PartyType.ORIGINAL, PartyType.ORIGINAL, PartyType.NEITHER)),
        st.sampled_from((height := world.contract.tip().height + 1, height, height + 1)),
        *(U32, WORDS, WORDS, U32, U32, U32),
    )
    commitments = st.one_of(st.just(revealed), st.just(revealed), WORDS)
    return st.one_of(
        records,
        st.builds(SampleLeaf, WORDS, st.sampled_from((1, 1, 2, 2**32 - 1)), commitments, U32, BYTES, BYTES),
        st.builds(ModelUpdate, st.sampled_from((1, PARTIES, PARTIES + 1, 2**32 - 1)), WORDS, WORDS),
        st.builds(RewardLeaf, ADDRESSES, st.one_of(st.integers(1, 2 * FUNDED), st.integers(1, 2**256 - 1))),
    )


@settings(QUICK, max_examples=6)
@given(data=st.data())
def test_leaves(world: World, revealed: Commitment, data: st.DataObject) -> None:
    """Every leaf of a block is judged; with one bit of it turned the contract says which root that leads to."""
    leaves = data.draw(st.lists(leaves_of(world, revealed), min_size=1, max_size=12))
    placed = place(world, [leaf.preimage() for leaf in leaves])
    frauds = [fraud_of(world, revealed, leaf, first=index == 0) for index, leaf in enumerate(leaves)]
    for index, fraud in enumerate(frauds):
        proof = placed.proof(index)
        wrong = bytearray(proof.preimage)
        bit = data.draw(st.integers(0, 8 * 54 - 1))  # no leaf has fewer bits
        wrong[bit // 8] ^= 1 << bit % 8
        root = root_of(sha256d(bytes(wrong)), index, len(leaves), proof.siblings)
        assert judged(world, placed, replace(proof, preimage=bytes(wrong))) == refused(
            "RootMismatch", given=root, required=placed.header.merkle_root
        )
        honest = refused("NoFraud", blockHash=placed.header.hash())
        assert judged(world, placed, proof) == (() if fraud else honest)


def place(world: World, preimages: list[bytes]) -> Placed:
    root = merkle_root([sha256d(each) for each in preimages])
    header = next_header(world, 0, PartyType.ORIGINAL, root=root)
    world.contract.submit_block(world.account(0), header.encode(), word(7), len(preimages), bond=BOND)
    return Placed(header, preimages)


def judged(world: World, placed: Placed, proof: LeafProof) -> Answer:
    question = (placed.header.encode(), len(placed.preimages), proof.to_struct())
    return ask(world, world.account(6), "rejectFalseLeaf", question)


RECORD = CalibrationRecord(RULES, bytes(20), PartyType.ORIGINAL, 1, 1, word(1), word(0), 1, 1, 1)
FALSE: dict[Fraud, BodyLeaf | bytes] = {
    Fraud.MALFORMED_LEAF: b"\x00\x02 cut short",
    Fraud.FIRST_LEAF_NOT_RECORD: ModelUpdate(1, word(1), word(2)),
    Fraud.RECORD_OF_OTHER_RULES: replace(RECORD, rules=word(1)),
    Fraud.RECORD_OF_OTHER_MINER: RECORD,
    Fraud.RECORD_OF_OTHER_HEIGHT: replace(RECORD, height=2**32 - 1),
    Fraud.SAMPLE_NOT_REVEALED: SampleLeaf(word(1), 1, word(9), 0, 0, 1),
    Fraud.SAMPLE_OF_OTHER_PARTY: SampleLeaf(word(1), 2, word(0), 0, 0, 1),
    Fraud.UPDATE_OF_UNKNOWN_PARTY: ModelUpdate(PARTIES + 1, word(1), word(2)),
    Fraud.REWARD_BEYOND_FUNDING: RewardLeaf(bytes(20), 2**255),
}


@pytest.mark.parametrize("fraud", FALSE)
def test_every_fraud_goes_on_record(world: World, revealed: Commitment, fraud: Fraud) -> None:
    leaf = FALSE[fraud]
    if fraud is Fraud.SAMPLE_OF_OTHER_PARTY:
        leaf = replace(leaf, commitment=revealed)
    if fraud is Fraud.RECORD_OF_OTHER_HEIGHT:
        leaf = replace(leaf, miner=world.account(0).address)
    preimage = leaf if isinstance(leaf, bytes) else leaf.preimage()
    placed = place(world, [preimage, preimage])
    index = 0 if fraud is Fraud.FIRST_LEAF_NOT_RECORD else 1
    proven = ProvenLeaf(placed.header.encode(), 2, placed.proof(index))
    done = world.contract.reject_false_leaf(world.account(6), proven)
    assert (done.event.block_hash, done.event.fraud) == (placed.header.hash(), fraud)


@settings(QUICK, max_examples=6)
@given(root=WORDS, content=WORDS, late=st.booleans(), owner=st.sampled_from((1, 1, 2)))
def test_a_reveal_before_or_after_the_block(
    world: World, root: Digest, content: Digest, late: bool, owner: int
) -> None:
    """A sample counts where its batch was revealed before the block that lists it, and by its owner."""
    secret = root, content, word(world.chain.head().number)  # no two commitments of this chain are the same
    commitment = world.contract.batch_commitment(1, *secret)
    world.contract.commit_batch(world.account(0), commitment)
    record = replace(RECORD, miner=world.account(0).address, height=world.contract.tip().height + 1)
    preimages = [record.preimage(), SampleLeaf(word(1), owner, commitment, 0, 0, 1).preimage()]
    placed = place(world, preimages) if late else None
    world.contract.reveal_batch(world.account(0), *secret)
    placed = placed or place(world, preimages)
    proven = ProvenLeaf(placed.header.encode(), 2, placed.proof(1))
    if owner == 1 and not late:
        honest = refused("NoFraud", blockHash=placed.header.hash())
        assert judged(world, placed, proven.proof) == honest
    else:
        done = world.contract.reject_false_leaf(world.account(6), proven)
        fraud = Fraud.SAMPLE_REVEALED_LATE if owner == 1 else Fraud.SAMPLE_OF_OTHER_PARTY
        assert (done.event.block_hash, done.event.fraud) == (placed.header.hash(), fraud)


def fraud_of(world: World, revealed: Commitment, leaf: BodyLeaf, *, first: bool) -> Fraud:
    """What the protocol calls false in one leaf of the newest block."""
    if first and not isinstance(leaf, CalibrationRecord):
        return Fraud.FIRST_LEAF_NOT_RECORD
    match leaf:
        case CalibrationRecord():
            return fraud_of_record(world, leaf)
        case SampleLeaf():
            if leaf.commitment != revealed:
                return Fraud.SAMPLE_NOT_REVEALED
            return Fraud.NONE if leaf.owner == 1 else Fraud.SAMPLE_OF_OTHER_PARTY
        case ModelUpdate():
            return Fraud.NONE if leaf.party <= PARTIES else Fraud.UPDATE_OF_UNKNOWN_PARTY
        case RewardLeaf():
            funded = world.contract.pool().funded
            return Fraud.NONE if leaf.cumulative <= funded else Fraud.REWARD_BEYOND_FUNDING


def fraud_of_record(world: World, record: CalibrationRecord) -> Fraud:
    if record.rules != RULES:
        return Fraud.RECORD_OF_OTHER_RULES
    if (record.miner, record.party_type) != (world.account(0).address, PartyType.ORIGINAL):
        return Fraud.RECORD_OF_OTHER_MINER
    at_tip = record.height == world.contract.tip().height
    return Fraud.NONE if at_tip else Fraud.RECORD_OF_OTHER_HEIGHT


@pytest.fixture(scope="module")
def mixed(world: World) -> tuple[BlockHeader, list[BodyLeaf]]:
    """A block with leaves of every kind, some in order and some not."""
    samples = [SampleLeaf(word(key), 1, word(0), 0, 0, 1) for key in (5, 5, 9)]
    updates = [ModelUpdate(party, word(1), word(2)) for party in (2, 1)]
    rewards = [RewardLeaf(bytes([key]) * 20, 7) for key in (3, 3, 4)]
    leaves = [*samples, *rewards, *updates, samples[0]]
    header = next_header(world, 0, PartyType.ORIGINAL, root=merkle_root([leaf.leaf() for leaf in leaves]))
    world.contract.submit_block(world.account(0), header.encode(), word(7), len(leaves), bond=BOND)
    return header, leaves


@QUICK
@given(first=st.integers(0, 8), second=st.integers(0, 8))
def test_the_order_of_two_leaves(
    world: World, mixed: tuple[BlockHeader, list[BodyLeaf]], first: int, second: int
) -> None:
    header, leaves = mixed
    hashes = [leaf.leaf() for leaf in leaves]
    proofs = [
        LeafProof(index, leaves[index].preimage(), merkle_proof(hashes, index)).to_struct()
        for index in (first, second)
    ]
    answer = ask(world, world.account(6), "rejectUnorderedLeaves", (header.encode(), len(leaves), *proofs))
    if first >= second:
        assert answer == refused("IndicesNotAscending", first=first, second=second)
    elif order(leaves[first]) < order(leaves[second]):
        assert answer == refused("NoFraud", blockHash=header.hash())
    else:
        assert answer == ()


def order(leaf: BodyLeaf) -> tuple[int, bytes]:
    """What leaves ascend by, as the protocol's table of leaves says it."""
    match leaf:
        case SampleLeaf():
            return 2, leaf.sample
        case ModelUpdate():
            return 3, leaf.party.to_bytes(4, "big")
        case RewardLeaf():
            return 4, leaf.account
    raise AssertionError(leaf)

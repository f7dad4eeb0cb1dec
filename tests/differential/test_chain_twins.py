"""The deployed contract and its Python twins give the same answers to the same random questions."""

from collections.abc import Iterator

import pytest
from chain_scenarios import TARGET, World, close_genesis, new_world, next_header, word
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bema_py.chain.approvals import Approval, approval_digest
from bema_py.chain.commitments import batch_commitment
from bema_py.chain.connection import embedded
from bema_py.chain.errors import ContractRevertError
from bema_py.core.header import BlockHeader, miner_info_hash
from bema_py.core.merkle import (
    IndexOutOfRangeError,
    ProofDepthError,
    merkle_proof,
    merkle_root,
    verify_inclusion,
)
from bema_py.core.nonce import search_nonce
from bema_py.core.types import Address, Digest, ModelDigest, PartyId, PartyType

WORDS = st.binary(min_size=32, max_size=32).map(Digest)
ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)
NUMBERS = st.one_of(st.integers(0, (1 << 256) - 1), st.integers(0, 3))
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with embedded() as chain:
        deployed = new_world(chain)
        close_genesis(deployed)
        yield deployed


@QUICK
@given(party=st.integers(0, (1 << 32) - 1), root=WORDS, content=WORDS, salt=WORDS)
def test_batch_commitments(world: World, party: PartyId, root: Digest, content: Digest, salt: bytes) -> None:
    twin = batch_commitment(world.chain.chain_id, world.contract.address, party, root, content, salt)
    assert world.contract.batch_commitment(party, root, content, salt) == twin


@QUICK
@given(
    st.builds(
        Approval,
        account=ADDRESSES,
        model_card=WORDS.map(ModelDigest),
        held_classes=NUMBERS,
        label_space=NUMBERS,
        vouched_classes=NUMBERS,
        nonce=NUMBERS,
        deadline=NUMBERS,
        signer=ADDRESSES,
    )
)
def test_approval_digests(world: World, approval: Approval) -> None:
    twin = approval_digest(world.chain.chain_id, world.contract.address, approval)
    assert world.contract.approval_digest(approval) == twin


@pytest.fixture(scope="module")
def trees(world: World) -> dict[int, tuple[BlockHeader, list[Digest]]]:
    """Accepted blocks over trees of several sizes."""
    accepted = {}
    for count in (1, 2, 3, 5, 8, 13):
        leaves = [word(1000 * count + number) for number in range(count)]
        header = next_header(world, 0, PartyType.ORIGINAL, root=merkle_root(leaves))
        world.contract.submit_block(world.account(0), header.encode(), word(7), count)
        accepted[count] = header, leaves
    return accepted


@settings(QUICK, max_examples=80)
@given(data=st.data(), size=st.sampled_from((1, 2, 3, 5, 8, 13)))
def test_inclusion(
    world: World, trees: dict[int, tuple[BlockHeader, list[Digest]]], data: st.DataObject, size: int
) -> None:
    header, leaves = trees[size]
    own = data.draw(st.integers(0, size - 1))
    proof = list(merkle_proof(leaves, own))
    leaf = data.draw(st.one_of(st.just(leaves[own]), st.sampled_from(leaves), WORDS))
    index = data.draw(st.one_of(st.just(own), st.integers(0, 20), st.just((1 << 32) - 1)))
    count = data.draw(st.one_of(st.just(size), st.integers(0, 20), st.just((1 << 32) - 1)))
    change = data.draw(st.sampled_from(("none", "none", "shorter", "longer", "flipped")))
    if change == "shorter":
        proof = proof[:-1]
    elif change == "longer":
        proof = [*proof, word(0)]
    elif change == "flipped" and proof:
        proof[-1] = Digest(bytes(31) + b"\x01")
    twin = _python_answer(header, leaf, index, count, proof)
    assert _contract_answer(world, header, leaf, index, count, proof) == twin


def _python_answer(
    header: BlockHeader, leaf: Digest, index: int, count: int, proof: list[Digest]
) -> bool | str:
    try:
        return verify_inclusion(header.merkle_root, leaf, index, count, proof)
    except IndexOutOfRangeError:
        return "IndexOutOfRange"
    except ProofDepthError:
        return "ProofDepth"


def _contract_answer(
    world: World, header: BlockHeader, leaf: Digest, index: int, count: int, proof: list[Digest]
) -> bool | str:
    try:
        return world.contract.verify_inclusion(header.encode(), leaf, index, count, proof)
    except ContractRevertError as error:
        return error.name


@settings(QUICK, max_examples=60)
@given(data=st.data())
def test_header_checks(world: World, data: st.DataObject) -> None:
    """The contract refuses a header exactly where the twin of its checks does, for one of its reasons."""
    tip, now = world.contract.tip(), world.chain.head().timestamp
    parent = data.draw(st.sampled_from((tip.block_hash, tip.block_hash, word(3))))
    timestamp = data.draw(st.sampled_from((now, now + 1, now + 2, tip.submitted_at, tip.submitted_at - 1, 0)))
    kind = data.draw(st.sampled_from(list(PartyType)))
    sender = data.draw(st.sampled_from((0, 5)))
    named = data.draw(st.sampled_from((sender, 0, 5)))
    nonce = data.draw(st.integers(0, (1 << 63) - 1))
    info = miner_info_hash(world.account(named).address, kind)
    header = BlockHeader(parent, data.draw(WORDS), info, timestamp, nonce)
    if data.draw(st.booleans()):
        header = search_nonce(header, TARGET, start=nonce)
    expected = _reasons(world, header, sender, now + 1)
    try:
        world.contract.submit_block(world.account(sender), header.encode(), word(7), 3)
    except ContractRevertError as error:
        assert error.name in expected
    else:
        assert not expected


def _reasons(world: World, header: BlockHeader, sender: int, block_time: int) -> set[str]:
    tip = world.contract.tip()
    kind = PartyType.ORIGINAL if sender == 0 else PartyType.NEITHER
    checks = {
        "ParentNotTip": header.parent == tip.block_hash,
        "TimestampOutOfRange": tip.submitted_at <= header.timestamp <= block_time,
        "MinerInfoMismatch": header.miner_info == miner_info_hash(world.account(sender).address, kind),
        "WorkTooLow": int.from_bytes(header.hash(), "big") < TARGET,
    }
    return {name for name, holds in checks.items() if not holds}


def test_the_hash_of_an_accepted_header(world: World) -> None:
    header = next_header(world, 5, PartyType.NEITHER)
    done = world.contract.submit_block(world.account(5), header.encode(), word(7), 3)
    assert done.event.block_hash == header.hash()
    stolen = next_header(world, 5, PartyType.NEITHER)
    with pytest.raises(ContractRevertError, match="MinerInfoMismatch"):
        world.contract.submit_block(world.account(6), stolen.encode(), word(7), 3)

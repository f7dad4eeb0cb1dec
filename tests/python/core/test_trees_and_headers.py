"""Merkle trees, headers and the nonce search over random values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bema_py.core.checks import FieldRangeError, FieldTypeError
from bema_py.core.hashing import sha256, sha256d
from bema_py.core.header import BlockHeader
from bema_py.core.leaves import batch_root
from bema_py.core.merkle import (
    LeafCountError,
    ProofDepthError,
    merkle_proof,
    merkle_root,
    proof_depth,
    root_hash,
    verify_inclusion,
)
from bema_py.core.nonce import PROGRESS_INTERVAL, NonceExhaustedError, search_nonce

DIGESTS = st.binary(min_size=32, max_size=32)
HEADER = BlockHeader(sha256(b"parent"), sha256(b"root"), sha256(b"miner"), 1_700_000_000, 77)


@given(st.lists(DIGESTS, min_size=1, max_size=70), st.data())
def test_every_proof_holds_and_no_other_leaf_passes(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, proof = merkle_root(leaves), merkle_proof(leaves, index)
    assert len(proof) == proof_depth(len(leaves))
    assert verify_inclusion(root, leaves[index], index, len(leaves), proof)
    other = data.draw(DIGESTS)
    assert verify_inclusion(root, other, index, len(leaves), proof) is (other == leaves[index])


@given(st.lists(DIGESTS, min_size=1, max_size=40), st.integers(1, 60))
def test_another_count_never_passes(leaves, count):
    root = merkle_root(leaves)
    if count == len(leaves):
        return
    try:
        assert not verify_inclusion(root, leaves[0], 0, count, merkle_proof(leaves, 0))
    except ProofDepthError as error:
        assert error.required == proof_depth(count) != error.given


@given(st.lists(DIGESTS, min_size=1, max_size=20))
def test_repeating_the_last_leaf_changes_the_root(leaves):
    assert merkle_root([*leaves, leaves[-1]]) != merkle_root(leaves)


def test_an_empty_tree_does_not_exist():
    for build in (merkle_root, batch_root):
        with pytest.raises(LeafCountError) as caught:
            build([])
        assert caught.value.count == 0
    with pytest.raises(LeafCountError):
        root_hash(2**32, sha256(b""))


@given(DIGESTS, DIGESTS, DIGESTS, st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_headers_come_back(parent, root, miner, timestamp, nonce):
    header = BlockHeader(parent, root, miner, timestamp, nonce)
    assert BlockHeader.decode(header.encode()) == header
    assert header.hash() == sha256d(header.encode())


@pytest.mark.parametrize("nonce", [-1, 2**64])
def test_nonces_outside_64_bits_are_refused(nonce):
    with pytest.raises(FieldRangeError):
        BlockHeader(bytes(32), bytes(32), bytes(32), 0, nonce)
    with pytest.raises(FieldTypeError):
        BlockHeader(bytes(32), bytes(32), bytes(32), 0, True)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_the_first_nonce_below_the_target_is_found(start, bits):
    target = 2 ** (256 - bits)
    found = search_nonce(HEADER, target, start=start)
    assert int.from_bytes(found.hash(), "big") < target
    assert found.encode()[:104] == HEADER.encode()[:104]
    for nonce in range(start, found.nonce):
        earlier = BlockHeader(HEADER.parent, HEADER.merkle_root, HEADER.miner_info, HEADER.timestamp, nonce)
        assert int.from_bytes(earlier.hash(), "big") >= target


def test_the_target_itself_is_not_below_the_target():
    value = int.from_bytes(BlockHeader.decode(HEADER.encode()).hash(), "big")
    assert search_nonce(HEADER, value + 1, start=HEADER.nonce) == HEADER
    assert search_nonce(HEADER, value, start=HEADER.nonce).nonce > HEADER.nonce


def test_progress_is_told_and_can_interrupt():
    tries = []

    def progress(count):
        tries.append(count)
        if len(tries) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search_nonce(HEADER, 1, start=5, progress=progress)
    assert tries == [PROGRESS_INTERVAL, 2 * PROGRESS_INTERVAL]


def test_the_search_ends_with_the_last_nonce():
    with pytest.raises(NonceExhaustedError) as caught:
        search_nonce(HEADER, 1, start=2**64 - 1000)
    assert (caught.value.start, caught.value.target) == (2**64 - 1000, 1)


@pytest.mark.parametrize("target", [0, 2**256])
def test_targets_outside_256_bits_are_refused(target):
    with pytest.raises(FieldRangeError):
        search_nonce(HEADER, target)

"""Roots and proofs: the contract's `verifyInclusion` and the Python twin, with right and wrong questions."""

import pytest
from chain_scenarios import World, next_header, word
from hypothesis import given
from hypothesis import strategies as st
from questions import FEW, NONE, U32, WORDS, Answer, another, ask, refused, twin_of

from bema_py.core.errors import BemaError
from bema_py.core.header import BlockHeader
from bema_py.core.merkle import merkle_proof, merkle_root, verify_inclusion
from bema_py.core.types import Digest, PartyType

SIZES = (1, 2, 3, 5, 8, 13)
Trees = dict[int, tuple[bytes, list[Digest]]]


@pytest.fixture(scope="module")
def trees(world: World) -> Trees:
    """Headers of accepted blocks, and their leaves, by the number of leaves."""
    accepted = {}
    for count in SIZES:
        leaves = [word(1000 * count + number) for number in range(count)]
        header = next_header(world, 0, PartyType.ORIGINAL, root=merkle_root(leaves)).encode()
        world.contract.submit_block(world.account(0), header, word(7), count, bond=1000)
        accepted[count] = header, leaves
    return accepted


FAULTS = (NONE, "leaf", "index", "count", "short", "long", "order", "sibling", "unknown", "length")


@pytest.mark.parametrize("fault", FAULTS)
@FEW
@given(also=another(FAULTS), size=st.sampled_from(SIZES), data=st.data())
def test_inclusion(world: World, trees: Trees, fault: str, also: str, size: int, data: st.DataObject) -> None:
    header, leaves = trees[size]
    own = data.draw(st.integers(0, size - 1))
    faults, proof = {fault, also}, list(merkle_proof(leaves, own))
    question = (
        wrong_header(header, faults),
        data.draw(st.one_of(st.sampled_from(leaves), WORDS)) if "leaf" in faults else leaves[own],
        data.draw(st.one_of(st.integers(0, 20), U32)) if "index" in faults else own,
        data.draw(st.one_of(st.integers(0, 20), U32)) if "count" in faults else size,
        wrong_proof(proof, faults),
    )
    assert ask(world, world.account(0), "verifyInclusion", question) == python_answer(trees, *question)


def python_answer(
    trees: Trees, raw: bytes, leaf: Digest, index: int, count: int, proof: list[Digest]
) -> Answer:
    try:
        header = BlockHeader.decode(raw)
        if raw not in [known for known, _ in trees.values()]:
            return refused("BlockUnknown", blockHash=header.hash())
        return (verify_inclusion(header.merkle_root, leaf, index, count, proof),)
    except BemaError as error:
        return twin_of(error)


def wrong_header(header: bytes, faults: set[str]) -> bytes:
    given = flipped(header) if "unknown" in faults else header
    return given[:-1] if "length" in faults else given


def wrong_proof(proof: list[Digest], faults: set[str]) -> list[Digest]:
    given = proof[::-1] if "order" in faults else proof
    if "sibling" in faults:
        given = [Digest(flipped(sibling)) for sibling in given]
    given = [*given, word(0)] if "long" in faults else given
    return given[1:] if "short" in faults else given


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])

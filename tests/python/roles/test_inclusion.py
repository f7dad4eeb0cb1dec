"""Inclusion proofs hold here and on chain, by the very line that is printed, and no bit of them can be another."""

import shlex
from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_abi.abi import decode, encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from tiny_network import TinyNetwork
from told_network import JUDGED

from bema_py.chain.cast import cast_call
from bema_py.chain.errors import ContractRevertError
from bema_py.core.header import BlockHeader
from bema_py.core.types import Address, Digest
from bema_py.roles.content import load_body
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.inclusion import (
    InclusionProof,
    ProofFailsError,
    SampleNotUsedError,
    prove_leaf,
    prove_sample,
)


@pytest.fixture(scope="module")
def proofs(archive: Archive) -> list[InclusionProof]:
    body = load_body(archive.store, archive.history.blocks[JUDGED - 1].body_digest)
    return [prove_sample(archive, leaf.sample.hex()) for leaf in body.samples]


def run_as_cast(told: TinyNetwork, line: str) -> bool:
    """Do what cast does with its line: encode the arguments by the signature, ask the node, decode the answer."""
    program, command, contract, signature, *values = shlex.split(line)
    assert (program, command, values[-2:]) == ("cast", "call", ["--rpc-url", "http://127.0.0.1:8545"])
    inputs, outputs = signature.removesuffix(")").split(")(")
    types = inputs.split("(")[1].split(",")
    arguments = [_read(kind, value) for kind, value in zip(types, values[:-2], strict=True)]
    data = keccak(text=f"{inputs})")[:4] + encode(types, arguments)
    asked = {"to": to_checksum_address(contract), "data": "0x" + data.hex()}
    (answer,) = decode([outputs], told.chain.web3.eth.call(asked))  # type: ignore[arg-type]
    return bool(answer)


def _read(kind: str, value: str) -> object:
    if kind.endswith("[]"):
        return [bytes.fromhex(each[2:]) for each in value.strip("[]").split(",")]
    return int(value) if kind.startswith("uint") else bytes.fromhex(value[2:])


def line_of(told: TinyNetwork, proof: InclusionProof) -> str:
    deployment = told.network.deployment
    return cast_call(deployment.address, "verifyInclusion", proof.call(), "http://127.0.0.1:8545")


def test_the_printed_line_lets_the_contract_confirm_every_used_sample(
    told: TinyNetwork, proofs: list[InclusionProof]
) -> None:
    assert len(proofs) > 1
    for proof in proofs:
        assert proof.holds()
        assert told.network.contract.verify_inclusion(*proof.call())
        assert run_as_cast(told, line_of(told, proof))


def flipped(data: bytes, bit: int = 0) -> bytes:
    return bytes([*data[: bit // 8], data[bit // 8] ^ 1 << bit % 8, *data[bit // 8 + 1 :]])


def another_leaf(proof: InclusionProof) -> InclusionProof:
    return replace(proof, leaf=Digest(flipped(proof.leaf)))


def another_sibling(proof: InclusionProof) -> InclusionProof:
    return replace(proof, siblings=(Digest(flipped(proof.siblings[0])), *proof.siblings[1:]))


def another_index(proof: InclusionProof) -> InclusionProof:
    return replace(proof, index=proof.index ^ 1)


@pytest.mark.parametrize("change", [another_leaf, another_sibling, another_index])
def test_one_flipped_bit_fails_here_and_on_chain(
    told: TinyNetwork, proofs: list[InclusionProof], change: Callable[[InclusionProof], InclusionProof]
) -> None:
    false = change(proofs[0])
    assert not false.holds()
    assert not run_as_cast(told, line_of(told, false))


def test_one_flipped_bit_of_the_header_or_the_preimage_fails(
    told: TinyNetwork, proofs: list[InclusionProof]
) -> None:
    header = BlockHeader.decode(flipped(proofs[0].header.encode(), 8 * 40))
    false = replace(proofs[0], header=header)
    assert not false.holds()
    with pytest.raises(ContractRevertError):
        told.network.contract.verify_inclusion(*false.call())
    assert not replace(proofs[0], preimage=flipped(proofs[0].preimage)).holds()


def test_a_sample_that_no_block_used_has_no_proof(archive: Archive) -> None:
    with pytest.raises(SampleNotUsedError, match=r"no block of the chain used a sample 00.* were used"):
        prove_sample(archive, "00" * 32)


def test_a_body_that_is_not_the_headers_proves_nothing(archive: Archive) -> None:
    first, second = archive.history.blocks[:2]
    body = load_body(archive.store, second.body_digest)
    with pytest.raises(ProofFailsError, match=f"the body of block {first.height} gives no proof") as error:
        prove_leaf(first, body, body.samples[0])
    assert error.value.exit_code == 6


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8545", True),
        ("https://node.example/", True),
        ("https://node.example/v3/5ec2e7", False),
        ("https://node.example?key=5ec2e7", False),
        ("https://me:5ec2e7@node.example", False),
        ("", False),
    ],
)
def test_a_line_that_is_handed_on_holds_no_key(proofs: list[InclusionProof], url: str, shown: bool) -> None:
    line = cast_call(Address(bytes(20)), "verifyInclusion", proofs[0].call(), url)
    assert ("--rpc-url" in line) is shown
    assert "5ec2e7" not in line

"""Values that others published: NIST's and Bitcoin's hashes, and the EIP-712 standard's signed example."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from bema_py.chain.signers import local_signer
from bema_py.chain.typed_data import recover
from bema_py.core.checks import FieldHexError, check_hex
from bema_py.core.hashing import sha256, sha256d

KNOWN: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "known_hashes.json").read_text())


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.mark.parametrize("case", KNOWN["sha256"], ids=lambda case: case["name"])
def test_sha256(case: dict[str, str]) -> None:
    assert sha256(raw(case["message"])) == raw(case["digest"])


@pytest.mark.parametrize("case", KNOWN["sha256d"], ids=lambda case: case["name"])
def test_sha256d(case: dict[str, str]) -> None:
    assert sha256d(raw(case["message"])) == raw(case["digest"])


@pytest.mark.parametrize("case", KNOWN["proof_of_work"], ids=lambda case: case["name"])
def test_proof_of_work(case: dict[str, str]) -> None:
    """Bitcoin reads a hash as a little-endian number, this protocol as a big-endian one."""
    header, target = raw(case["header"]), int(case["target"], 16)
    assert sha256d(header)[::-1] == raw(case["hash"])
    assert int.from_bytes(sha256d(header), "little") < target
    another_nonce = header[:-1] + bytes([header[-1] ^ 1])
    assert int.from_bytes(sha256d(another_nonce), "little") >= target


def test_the_standards_example_is_signed_and_its_signer_recovered() -> None:
    example = KNOWN["eip712"]
    cow = local_signer(bytes(keccak(text="cow")))
    assert cow.sign_typed_data(json.loads(example["typed_data"])) == raw(example["signature"])
    assert recover(raw(example["digest"]), raw(example["signature"])) == cow.address == raw(example["signer"])


@pytest.mark.parametrize("text", ["0x01ff", "01ff", "0x01FF"])
def test_hexadecimal(text: str) -> None:
    assert check_hex("word", text, 2) == b"\x01\xff"


@pytest.mark.parametrize(
    "text", ["", "0x", "0x1ff", "0x01ff00", "0x01fg", "01 f", "0x0x01ff", "０１ff", 511, None]
)
def test_what_is_not_two_bytes_in_hexadecimal(text: object) -> None:
    with pytest.raises(FieldHexError, match="must be 4 hexadecimal digits") as refusal:
        check_hex("word", text, 2)
    assert refusal.value.value == text

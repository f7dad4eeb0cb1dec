"""Refusals decoded from the bytes that a reverted call returns."""

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from bema_py.chain.abi import artifact, decode_result, decode_revert
from bema_py.chain.errors import ContractError, ContractRevertError, ResultError


def selector(signature: str) -> bytes:
    return bytes(keccak(text=signature)[:4])


def test_a_custom_error_by_name_with_its_values() -> None:
    data = selector("TooFewApprovals(uint256,uint256)") + encode(["uint256", "uint256"], [6, 1])
    error = decode_revert("registerRegularParty", data)
    assert str(error) == (
        "the contract refused registerRegularParty: TooFewApprovals(classesMissing=6, required=1)"
    )
    assert isinstance(error, ContractError)
    assert (error.function, error.name, error.values) == (
        "registerRegularParty",
        "TooFewApprovals",
        {"classesMissing": 6, "required": 1},
    )


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "NoReason()"),
        (selector("Panic(uint256)") + encode(["uint256"], [0x11]), "Panic(code=17)"),
        (selector("Panic(uint256)") + encode(["uint256"], [0xFE]), "Panic(code=254)"),
        (selector("Error(string)") + encode(["string"], ["no, thanks"]), "Error(reason=no, thanks)"),
        (b"\x01\x02\x03", "UnknownError(data=0x010203)"),
        (b"\xff" * 8, "UnknownError(data=0xffffffffffffffff)"),
        (selector("ZeroCommitment()"), "ZeroCommitment()"),
        (selector("BlockUnknown(bytes32)") + b"\x01", "UnknownError(data=0x"),
        (selector("Error(string)") + b"\xff" * 64, "UnknownError(data=0x"),
    ],
)
def test_every_other_kind_of_refusal(data: bytes, text: str) -> None:
    error = decode_revert("f", data)
    assert isinstance(error, ContractRevertError)
    assert text in str(error)


def test_every_error_of_the_interface_is_known_by_a_selector_of_its_own() -> None:
    names = [each.name for each in artifact().errors.values()]
    assert len(names) == len(set(names)) > 40
    assert {"Error", "Panic", "WorkTooLow", "ProofDepth", "ApprovalExpired"} <= set(names)


def test_an_answer_that_does_not_fit() -> None:
    with pytest.raises(ResultError, match="the answer to tip does not fit") as caught:
        decode_result("tip", b"\x00" * 31)
    assert caught.value.exit_code == 3

"""Approvals: one digest in Solidity and Python, and no second signature that counts."""

from dataclasses import replace

import pytest
from chain_scenarios import ALL, FAR, LOW, World, approvals, card

from bema_py.chain.approvals import (
    Approval,
    approval_digest,
    check_approval,
    check_signature,
    recover_signer,
    sign_approval,
)
from bema_py.chain.errors import ApprovalMismatchError, PlainFormError, SignatureError
from bema_py.chain.signers import local_signer
from bema_py.chain.typed_data import HALF_ORDER
from bema_py.core.types import Address

CHAIN_ID = 31337
CONTRACT = Address(b"\xc0" * 20)
SIGNER = local_signer(b"\x07" * 32)
UNSIGNED = Approval(Address(b"\xaa" * 20), card(3), ALL, ALL, LOW, 5, FAR, SIGNER.address)
SIGNED = sign_approval(SIGNER, CHAIN_ID, CONTRACT, UNSIGNED)


def with_signature(signature: bytes) -> Approval:
    return replace(SIGNED, signature=signature)


def test_the_digest_is_the_contracts(world: World) -> None:
    digest = approval_digest(world.chain.chain_id, world.contract.address, UNSIGNED)
    assert digest == world.contract.approval_digest(UNSIGNED)


def test_the_digest_depends_on_every_signed_field_and_on_nothing_else() -> None:
    digest = approval_digest(CHAIN_ID, CONTRACT, UNSIGNED)
    changed = [
        replace(UNSIGNED, account=Address(b"\xab" * 20)),
        replace(UNSIGNED, model_card=card(4)),
        replace(UNSIGNED, held_classes=LOW),
        replace(UNSIGNED, label_space=LOW),
        replace(UNSIGNED, vouched_classes=1),
        replace(UNSIGNED, nonce=6),
        replace(UNSIGNED, deadline=FAR + 1),
    ]
    digests = {approval_digest(CHAIN_ID, CONTRACT, each) for each in changed}
    digests |= {
        approval_digest(1, CONTRACT, UNSIGNED),
        approval_digest(CHAIN_ID, CONTRACT[::-1][:19] + b"\1", UNSIGNED),
    }
    assert len(digests) == 9
    assert digest not in digests
    assert digest == approval_digest(CHAIN_ID, CONTRACT, replace(SIGNED, signer=Address(b"\1" * 20)))


def test_both_kinds_of_signer_give_signatures_that_recover(world: World) -> None:
    assert recover_signer(CHAIN_ID, CONTRACT, SIGNED) == SIGNER.address
    for approval in approvals(world, 2):
        recovered = recover_signer(world.chain.chain_id, world.contract.address, approval)
        assert recovered == approval.signer


def test_the_other_signature_of_a_pair_is_refused() -> None:
    order = 2 * HALF_ORDER + 1
    r, s, v = SIGNED.signature[:32], int.from_bytes(SIGNED.signature[32:64], "big"), SIGNED.signature[64]
    assert s <= HALF_ORDER
    high = r + (order - s).to_bytes(32, "big") + bytes([55 - v])
    with pytest.raises(SignatureError, match="above half the curve's order") as caught:
        recover_signer(CHAIN_ID, CONTRACT, with_signature(high))
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("signature", "problem"),
    [
        (b"", "0 bytes, not 65"),
        (SIGNED.signature[:64], "64 bytes, not 65"),
        (SIGNED.signature[:64] + b"\x00", "its v is 0"),
        (SIGNED.signature[:64] + b"\x1d", "its v is 29"),
        (b"\x00" * 64 + b"\x1b", "does not count"),
        (b"\xff" * 32 + SIGNED.signature[32:], "does not count"),
    ],
)
def test_signatures_of_nobody(signature: bytes, problem: str) -> None:
    with pytest.raises(SignatureError, match=problem):
        recover_signer(CHAIN_ID, CONTRACT, with_signature(signature))


def test_a_signature_for_something_else_is_another_accounts() -> None:
    check_signature(CHAIN_ID, CONTRACT, SIGNED)
    for chain_id, approval in ((1, SIGNED), (CHAIN_ID, replace(SIGNED, nonce=6))):
        with pytest.raises(SignatureError, match="signed it, not"):
            check_signature(chain_id, CONTRACT, approval)


def test_only_the_signer_named_in_it_signs() -> None:
    with pytest.raises(ApprovalMismatchError, match="for signer"):
        sign_approval(local_signer(b"\x08" * 32), CHAIN_ID, CONTRACT, UNSIGNED)


@pytest.mark.parametrize("field", ["account", "model_card", "held_classes", "label_space"])
def test_use_for_something_else_is_named(field: str) -> None:
    used = {
        "account": SIGNED.account,
        "model_card": SIGNED.model_card,
        "held_classes": SIGNED.held_classes,
        "label_space": SIGNED.label_space,
    }
    check_approval(SIGNED, **used)  # type: ignore[arg-type]
    other = used[field] + 1 if isinstance(used[field], int) else b"\x01" * len(used[field])  # type: ignore
    with pytest.raises(ApprovalMismatchError) as caught:
        check_approval(SIGNED, **{**used, field: other})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_the_plain_form_is_lossless() -> None:
    assert Approval.from_plain(SIGNED.to_plain()) == SIGNED
    assert SIGNED.to_plain()["held_classes"] == str(ALL)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"extra": 1}, "extra is unknown"),
        ({"nonce": 5}, "no decimal text"),
        ({"nonce": "05"}, "no decimal text"),
        ({"nonce": str(1 << 256)}, "outside"),
        ({"account": "0x12"}, "1 bytes, not 20"),
        ({"account": "aa" * 20}, "no lower-case hexadecimal"),
        ({"account": "0x" + "AA" * 20}, "no lower-case hexadecimal"),
        ({"signature": None}, "no lower-case hexadecimal"),
    ],
)
def test_the_plain_form_is_strict(change: dict[str, object], problem: str) -> None:
    with pytest.raises(PlainFormError, match=problem) as caught:
        Approval.from_plain({**SIGNED.to_plain(), **change})
    assert caught.value.exit_code == 6
    with pytest.raises(PlainFormError, match="deadline is missing"):
        Approval.from_plain({key: value for key, value in SIGNED.to_plain().items() if key != "deadline"})
    with pytest.raises(PlainFormError, match="no JSON object"):
        Approval.from_plain([])

"""Approvals of regular parties: EIP-712 messages that original parties sign off-chain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bema_py.chain.errors import ApprovalMismatchError, SignatureError
from bema_py.chain.plain import record_from_plain, record_to_plain
from bema_py.chain.typed_data import recover, typed_digest, typed_message
from bema_py.core.types import Address, ModelDigest, hex0x

if TYPE_CHECKING:
    from bema_py.chain.signers import Signer

NAME = "Approval"
MESSAGE = (
    ("account", "address"),
    ("modelCard", "bytes32"),
    ("heldClasses", "uint256"),
    ("labelSpace", "uint256"),
    ("vouchedClasses", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)
FIELDS = ("account", "model_card", "held_classes", "label_space", "vouched_classes", "nonce", "deadline")
"""The attributes of an approval that are signed, in the order of `MESSAGE`."""
PLAIN = (
    *((field, kind) for field, (_, kind) in zip(FIELDS, MESSAGE, strict=True)),
    ("signer", "address"),
    ("signature", "bytes"),
)


@dataclass(frozen=True)
class Approval:
    """One original party's word for one regular party: who, which model, which classes, until when.

    Masks have bit y set for class y; `nonce` is used once; `deadline` is chain time in seconds; `signature`
    is 65 bytes r | s | v, empty while unsigned.
    """

    account: Address
    model_card: ModelDigest
    held_classes: int
    label_space: int
    vouched_classes: int
    nonce: int
    deadline: int
    signer: Address
    signature: bytes = b""

    def to_plain(self) -> dict[str, Any]:
        """Give the JSON form: bytes in hexadecimal, 256-bit integers as decimal text."""
        return record_to_plain(PLAIN, self)

    @classmethod
    def from_plain(cls, plain: object) -> Approval:
        """Read the JSON form. Raises `PlainFormError` for an unknown, missing or ill-typed field."""
        return cls(**record_from_plain("approval", PLAIN, plain))


def approval_digest(chain_id: int, contract: Address, approval: Approval) -> bytes:
    """Give the 32 bytes that are signed, as the contract's `approvalDigest` does."""
    return typed_digest(chain_id, contract, NAME, MESSAGE, _message_values(approval))


def sign_approval(signer: Signer, chain_id: int, contract: Address, approval: Approval) -> Approval:
    """Give the approval with its signer's signature. Raises `ApprovalMismatchError` for another signer."""
    if approval.signer != signer.address:
        raise ApprovalMismatchError("signer", hex0x(approval.signer), hex0x(signer.address))
    signature = signer.sign_typed_data(
        typed_message(chain_id, contract, NAME, MESSAGE, _message_values(approval))
    )
    signed = replace(approval, signature=signature)
    check_signature(chain_id, contract, signed)
    return signed


def check_signature(chain_id: int, contract: Address, approval: Approval) -> None:
    """Raise `SignatureError` unless `approval.signer` signed for this chain and contract."""
    signer = recover_signer(chain_id, contract, approval)
    if signer != approval.signer:
        raise SignatureError(f"{hex0x(signer)} signed it, not {hex0x(approval.signer)}")


def recover_signer(chain_id: int, contract: Address, approval: Approval) -> Address:
    """Give the account that signed, whatever `approval.signer` says.

    Raises `SignatureError`.
    """
    return recover(approval_digest(chain_id, contract, approval), approval.signature)


def check_approval(
    approval: Approval, account: Address, model_card: ModelDigest, held_classes: int, label_space: int
) -> None:
    """Raise `ApprovalMismatchError` where the approval is for another account, model card or masks."""
    used = {
        "account": account,
        "model_card": model_card,
        "held_classes": held_classes,
        "label_space": label_space,
    }
    for field, value in used.items():
        approved = getattr(approval, field)
        if approved != value:
            raise ApprovalMismatchError(field, _readable(approved), _readable(value))


def _message_values(approval: Approval) -> tuple[Any, ...]:
    return tuple(getattr(approval, field) for field in FIELDS)


def _readable(value: object) -> str:
    return hex0x(value) if isinstance(value, bytes) else hex(value) if isinstance(value, int) else str(value)

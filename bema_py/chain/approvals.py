"""Approvals of regular parties: EIP-712 messages that original parties sign off-chain."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from eth_abi.abi import encode
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from bema_py.chain.errors import ApprovalMismatchError, ApprovalSignatureError
from bema_py.chain.plain import record_from_plain, record_to_plain
from bema_py.chain.signers import Signer
from bema_py.core.types import Address, ModelDigest, hex0x

DOMAIN_NAME = "BEMA"
DOMAIN_VERSION = "1"
MESSAGE = (
    ("account", "address"),
    ("modelCard", "bytes32"),
    ("heldClasses", "uint256"),
    ("labelSpace", "uint256"),
    ("vouchedClasses", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)
DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
MESSAGE_TYPE = f"Approval({','.join(f'{kind} {name}' for name, kind in MESSAGE)})"
DOMAIN_TYPE = f"EIP712Domain({','.join(f'{kind} {name}' for name, kind in DOMAIN)})"
FIELDS = ("account", "model_card", "held_classes", "label_space", "vouched_classes", "nonce", "deadline")
"""The attributes of an approval that are signed, in the order of `MESSAGE`."""
PLAIN = (
    *((field, kind) for field, (_, kind) in zip(FIELDS, MESSAGE, strict=True)),
    ("signer", "address"),
    ("signature", "bytes"),
)

SIGNATURE_LENGTH = 65
HALF_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2
"""Half the order of secp256k1: of the two signatures (s and order - s) only the low one counts."""


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
    def from_plain(cls, plain: object) -> "Approval":
        """Read the JSON form. Raises `PlainFormError` for an unknown, missing or ill-typed field."""
        return cls(**record_from_plain("approval", PLAIN, plain))


def approval_digest(chain_id: int, contract: Address, approval: Approval) -> bytes:
    """Give the 32 bytes that are signed, as the contract's `approvalDigest` does."""
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [
            keccak(text=DOMAIN_TYPE),
            keccak(text=DOMAIN_NAME),
            keccak(text=DOMAIN_VERSION),
            chain_id,
            contract,
        ],
    )
    message = encode(
        ["bytes32", *(kind for _, kind in MESSAGE)], [keccak(text=MESSAGE_TYPE), *_message_values(approval)]
    )
    return bytes(keccak(b"\x19\x01" + keccak(domain) + keccak(message)))


def sign_approval(signer: Signer, chain_id: int, contract: Address, approval: Approval) -> Approval:
    """Give the approval with its signer's signature. Raises `ApprovalMismatchError` for another signer."""
    if approval.signer != signer.address:
        raise ApprovalMismatchError("signer", hex0x(approval.signer), hex0x(signer.address))
    signature = signer.sign_typed_data(typed_message(chain_id, contract, approval))
    signed = replace(approval, signature=signature)
    check_signature(chain_id, contract, signed)
    return signed


def check_signature(chain_id: int, contract: Address, approval: Approval) -> None:
    """Raise `ApprovalSignatureError` unless `approval.signer` signed for this chain and contract."""
    signer = recover_signer(chain_id, contract, approval)
    if signer != approval.signer:
        raise ApprovalSignatureError(f"{hex0x(signer)} signed it, not {hex0x(approval.signer)}")


def recover_signer(chain_id: int, contract: Address, approval: Approval) -> Address:
    """Give the account that signed, whatever `approval.signer` says.

    Raises `ApprovalSignatureError` for a wrong length, an s above half the curve's order, a v other than 27
    and 28, or a signature of nobody.
    """
    signature = approval.signature
    if len(signature) != SIGNATURE_LENGTH:
        raise ApprovalSignatureError(f"it has {len(signature)} bytes, not {SIGNATURE_LENGTH}")
    s, v = int.from_bytes(signature[32:64], "big"), signature[64]
    if s > HALF_ORDER:
        raise ApprovalSignatureError("its s is above half the curve's order")
    if v not in (27, 28):
        raise ApprovalSignatureError(f"its v is {v}, not 27 or 28")
    try:
        low = Signature(signature[:64] + bytes([v - 27]))
        key = low.recover_public_key_from_msg_hash(approval_digest(chain_id, contract, approval))
    except (BadSignature, ValidationError) as error:
        raise ApprovalSignatureError(str(error)) from error
    return Address(key.to_canonical_address())


def typed_message(chain_id: int, contract: Address, approval: Approval) -> dict[str, Any]:
    """Give the EIP-712 message that wallets and nodes sign, in JSON's types."""
    values = zip(MESSAGE, _message_values(approval), strict=True)
    return {
        "types": {"EIP712Domain": _listed(DOMAIN), "Approval": _listed(MESSAGE)},
        "primaryType": "Approval",
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": chain_id,
            "verifyingContract": to_checksum_address(contract),
        },
        "message": {
            name: hex0x(value) if isinstance(value, bytes) else hex(value) for (name, _), value in values
        },
    }


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


def _listed(members: tuple[tuple[str, str], ...]) -> list[Mapping[str, str]]:
    return [{"name": name, "type": kind} for name, kind in members]


def _readable(value: object) -> str:
    return hex0x(value) if isinstance(value, bytes) else hex(value) if isinstance(value, int) else str(value)

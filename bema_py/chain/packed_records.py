"""Approvals and signatures as calls and events carry them: records of one length behind one another.

An approval's record is vouched classes 32 | nonce 32 | deadline 8 | signature 65, big-endian; a vote's is its
signature.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from eth_abi.exceptions import EncodingError
from eth_abi.packed import encode_packed

from bema_py.chain.approvals import Approval
from bema_py.chain.errors import CallArgumentError, ResultError
from bema_py.chain.typed_data import SIGNATURE_LENGTH

APPROVAL = ("uint256", "uint256", "uint64")
"""The types of what precedes the signature in an approval's record."""
SIGNATURE = 72
APPROVAL_LENGTH = SIGNATURE + SIGNATURE_LENGTH


@dataclass(frozen=True)
class ApprovalOnRecord:
    """One approval as the registration event keeps it; who signed is to be recovered."""

    vouched_classes: int
    nonce: int
    deadline: int
    signature: bytes


def pack_approvals(function: str, approvals: Iterable[Approval | ApprovalOnRecord]) -> bytes:
    """Write the approvals, in their order, for a call of `function`.

    Raises `CallArgumentError` for a field that its bytes cannot hold and for a signature that is not 65 bytes long.
    """
    return b"".join(_pack_approval(function, each) for each in approvals)


def pack_signatures(function: str, signatures: Iterable[bytes]) -> bytes:
    """Write the signatures, in their order, for a call of `function`.

    Raises `CallArgumentError` for one that is not 65 bytes long.
    """
    return b"".join(_whole(function, each) for each in signatures)


def unpack_approvals(what: str, packed: bytes) -> tuple[ApprovalOnRecord, ...]:
    """Read the approvals of a registration. Raises `ResultError` naming `what` where the last one is not whole."""
    return tuple(
        ApprovalOnRecord(
            int.from_bytes(each[:32], "big"),
            int.from_bytes(each[32:64], "big"),
            int.from_bytes(each[64:SIGNATURE], "big"),
            each[SIGNATURE:],
        )
        for each in _records(what, packed, APPROVAL_LENGTH)
    )


def unpack_signatures(what: str, packed: bytes) -> tuple[bytes, ...]:
    """Read the signatures of a decision. Raises `ResultError` naming `what` where the last one is not whole."""
    return tuple(_records(what, packed, SIGNATURE_LENGTH))


def _pack_approval(function: str, approval: Approval | ApprovalOnRecord) -> bytes:
    fields = (approval.vouched_classes, approval.nonce, approval.deadline)
    try:
        encoded = bytes(encode_packed(APPROVAL, fields))
    except EncodingError as error:
        raise CallArgumentError(function, str(error)) from error
    return encoded + _whole(function, approval.signature)


def _whole(function: str, signature: bytes) -> bytes:
    if len(signature) != SIGNATURE_LENGTH:
        raise CallArgumentError(function, f"a signature has {len(signature)} bytes, not {SIGNATURE_LENGTH}")
    return signature


def _records(what: str, packed: bytes, length: int) -> list[bytes]:
    if len(packed) % length:
        raise ResultError(what, f"{len(packed)} bytes are no records of {length}")
    return [packed[start : start + length] for start in range(0, len(packed), length)]

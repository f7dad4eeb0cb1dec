"""EIP-712 messages of this contract: their digests, their JSON form, and who signed them."""

from collections.abc import Mapping, Sequence
from typing import Any

from eth_abi.abi import encode
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from bema_py.chain.errors import SignatureError
from bema_py.core.types import Address, hex0x

Members = tuple[tuple[str, str], ...]
"""Names and Solidity types of a message's fields, in the order in which they are signed."""

DOMAIN_NAME = "BEMA"
DOMAIN_VERSION = "1"
DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))

SIGNATURE_LENGTH = 65
HALF_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2
"""Half the order of secp256k1: of the two signatures (s and order - s) only the low one counts."""


def typed_digest(
    chain_id: int, contract: Address, name: str, members: Members, values: Sequence[object]
) -> bytes:
    """Give the 32 bytes that are signed for a message of this type on this chain and contract."""
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [
            keccak(text=_type("EIP712Domain", DOMAIN)),
            keccak(text=DOMAIN_NAME),
            keccak(text=DOMAIN_VERSION),
            chain_id,
            contract,
        ],
    )
    kinds = ["bytes32", *(kind for _, kind in members)]
    message = encode(kinds, [keccak(text=_type(name, members)), *values])
    return bytes(keccak(b"\x19\x01" + keccak(domain) + keccak(message)))


def typed_message(
    chain_id: int, contract: Address, name: str, members: Members, values: Sequence[object]
) -> dict[str, Any]:
    """Give the EIP-712 message that wallets and nodes sign, in JSON's types."""
    named = zip(members, values, strict=True)
    return {
        "types": {"EIP712Domain": _listed(DOMAIN), name: _listed(members)},
        "primaryType": name,
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": chain_id,
            "verifyingContract": to_checksum_address(contract),
        },
        "message": {field: _json(value) for (field, _), value in named},
    }


def recover(digest: bytes, signature: bytes) -> Address:
    """Give the account that signed a digest.

    Raises `SignatureError` for a wrong length, an s above half the curve's order, a v other than 27 and 28, or a
    signature of nobody.
    """
    if len(signature) != SIGNATURE_LENGTH:
        raise SignatureError(f"it has {len(signature)} bytes, not {SIGNATURE_LENGTH}")
    s, v = int.from_bytes(signature[32:64], "big"), signature[64]
    if s > HALF_ORDER:
        raise SignatureError("its s is above half the curve's order")
    if v not in (27, 28):
        raise SignatureError(f"its v is {v}, not 27 or 28")
    try:
        key = Signature(signature[:64] + bytes([v - 27])).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError) as error:
        raise SignatureError(str(error)) from error
    return Address(key.to_canonical_address())


def _type(name: str, members: Members) -> str:
    return f"{name}({','.join(f'{kind} {field}' for field, kind in members)})"


def _listed(members: Members) -> list[Mapping[str, str]]:
    return [{"name": name, "type": kind} for name, kind in members]


def _json(value: object) -> str:
    return hex0x(value) if isinstance(value, bytes) else hex(value) if isinstance(value, int) else str(value)

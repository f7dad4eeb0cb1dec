"""A signed transaction: its bytes and what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from bema_py.core.types import Address, hex0x

Transaction = Mapping[str, Any]
"""JSON-RPC fields of a transaction, integers as integers, all set but the sender."""

NUMBERS = ("gas", "nonce", "value", "chainId", "maxFeePerGas", "maxPriorityFeePerGas")


@dataclass(frozen=True)
class SignedTransaction:
    """Bytes that anybody may hand to the chain, any number of times: one nonce runs once."""

    raw: bytes
    sender: Address
    fields: Transaction

    @cached_property
    def hash(self) -> bytes:
        """The transaction's hash, 32 bytes."""
        return keccak(self.raw)

    @property
    def nonce(self) -> int:
        """Its place among the sender's transactions."""
        return int(self.fields["nonce"])


def read_signed(raw: bytes, sender: Address) -> SignedTransaction:
    """Read the fields of an EIP-1559 transaction of this sender. Raises ValueError for anything else."""
    try:
        said = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        fields = {
            "data": hex0x(bytes(said["data"])),
            **{each: said[each] for each in NUMBERS},
        }
    except Exception as error:  # eth_account and rlp raise what they like
        raise ValueError(f"no signed transaction ({error})") from error
    to = bytes(said["to"])
    return SignedTransaction(raw, sender, {"to": to_checksum_address(to), **fields} if to else fields)

"""Who sends transactions and signs approvals: an account of the node, or a key from a keystore file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from bema_py.chain.connection import Chain
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.signed import SignedTransaction, Transaction
from bema_py.core.types import Address, hex0x, unhex


class Signer(Protocol):
    """An account and what only its key can do."""

    @property
    def address(self) -> Address:
        """The account."""

    def send(self, chain: Chain, transaction: Transaction) -> EthereumHash:
        """Sign and send one transaction; the same fields again are the same bytes."""

    def sign_typed_data(self, message: Mapping[str, Any]) -> bytes:
        """Sign an EIP-712 message; 65 bytes r | s | v."""


@dataclass(frozen=True)
class NodeSigner:
    """An account that the node itself keeps unlocked; only for development chains."""

    chain: Chain
    address: Address

    def send(self, chain: Chain, transaction: Transaction) -> EthereumHash:
        """Let the node sign and send."""
        fields = {"from": to_checksum_address(self.address), **transaction}
        plain = {key: hex(value) if isinstance(value, int) else value for key, value in fields.items()}
        return EthereumHash(unhex(chain.request("eth_sendTransaction", [plain])))

    def sign_typed_data(self, message: Mapping[str, Any]) -> bytes:
        """Let the node sign."""
        signed = self.chain.request(
            "eth_signTypedData_v4", [to_checksum_address(self.address), dict(message)]
        )
        return unhex(signed)


class LocalSigner:
    """A key in this process's memory. It never shows: not in repr, not in errors."""

    __slots__ = ("_account", "address")

    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        self.address = Address(unhex(account.address))

    def __repr__(self) -> str:
        """Show the account, never the key."""
        return f"LocalSigner({hex0x(self.address)})"

    def __reduce__(self) -> str:
        """Refuse copies and pickles."""
        raise TypeError("a key is not to be copied out of the process")

    def send(self, chain: Chain, transaction: Transaction) -> EthereumHash:
        """Sign here and send the signed bytes; a node that has them already has not refused them."""
        raw = bytes(self._account.sign_transaction(dict(transaction)).raw_transaction)
        signed = SignedTransaction(raw, self.address, transaction)
        chain.send_signed(signed)
        return EthereumHash(signed.hash)

    def sign_typed_data(self, message: Mapping[str, Any]) -> bytes:
        """Sign here."""
        return bytes(self._account.sign_message(encode_typed_data(full_message=dict(message))).signature)


def local_signer(private_key: bytes) -> LocalSigner:
    """Make a signer of a 32-byte private key."""
    return LocalSigner(Account.from_key(private_key))

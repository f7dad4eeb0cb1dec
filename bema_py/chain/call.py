"""What to send to a contract, and what became of it."""

from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from bema_py.chain.events import Event
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.signed import Transaction
from bema_py.core.types import Address, hex0x


@dataclass(frozen=True)
class Call:
    """What to send: the function's name for messages, the receiver (None creates a contract), the data, wei."""

    function: str
    to: Address | None
    data: bytes
    value: int = 0

    def fields(self) -> dict[str, Any]:
        """Give receiver, data and value as a transaction carries them."""
        fields = {"data": hex0x(self.data), "value": self.value}
        return fields if self.to is None else {"to": to_checksum_address(self.to), **fields}

    def is_in(self, transaction: Transaction) -> bool:
        """Whether a transaction makes this call."""
        fields = self.fields()
        return fields == {key: transaction[key] for key in (*fields, "to") if key in transaction}


@dataclass(frozen=True)
class Receipt:
    """What became of a transaction, with the contract's events in order.

    resumed: another run had sent it and died or stopped waiting before it knew.
    """

    transaction_hash: EthereumHash
    block_number: int
    block_hash: EthereumHash
    block_time: int
    transaction_index: int
    gas_used: int
    contract: Address | None
    events: tuple[Event, ...]
    resumed: bool = False

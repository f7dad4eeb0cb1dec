"""How the contract's typed methods send and ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bema_py.chain import transactions
from bema_py.chain.abi import decode_result, encode_call
from bema_py.chain.call import Call, Receipt
from bema_py.chain.connection import Chain
from bema_py.chain.errors import ResultError
from bema_py.chain.events import Event
from bema_py.chain.signers import Signer
from bema_py.core.types import Address, hex0x

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Done(Generic[E]):
    """A transaction that the contract accepted, and the event it is about."""

    event: E
    receipt: Receipt


class ContractCalls:
    """A contract's address on a chain, and the two ways of calling it."""

    def __init__(self, chain: Chain, address: Address) -> None:
        self.chain = chain
        self.address = address

    def _send(
        self, signer: Signer, function: str, arguments: Sequence[object], gas: int | None, value: int = 0
    ) -> Receipt:
        call = Call(function, self.address, encode_call(function, arguments), value)
        return transactions.send(self.chain, signer, call, gas=gas)

    def _view(self, function: str, arguments: Sequence[object]) -> tuple[Any, ...]:
        data = encode_call(function, arguments)
        return decode_result(function, transactions.view(self.chain, function, self.address, data))


def done(receipt: Receipt, kind: type[E]) -> Done[E]:
    """Find the event that the transaction is about. Raises `ResultError` where another contract answered."""
    for event in receipt.events:
        if isinstance(event, kind):
            return Done(event, receipt)
    raise ResultError(f"transaction {hex0x(receipt.transaction_hash)}", f"no event {kind.__name__}")

"""What can go wrong while a transaction is on its way into a block."""

from pathlib import Path

from bema_py.chain.errors import ChainError, ContractRevertError
from bema_py.chain.send_policy import GWEI
from bema_py.core.types import Address, hex0x


class FeeCapError(ChainError):
    """A block costs more than the profile allows, and did so for as long as was waited."""

    def __init__(self, base_fee: int, cap: int, seconds: float) -> None:
        super().__init__(
            f"nothing was sent: after {seconds:g} s the base fee is {base_fee / GWEI:g} gwei, above the cap of "
            f"{cap / GWEI:g} gwei ([chain] max_fee_gwei)"
        )
        self.base_fee = base_fee
        self.cap = cap
        self.seconds = seconds


class NonceTakenError(ChainError):
    """A block holds another transaction of the account in the place of this one, so this one never runs."""

    def __init__(self, account: Address, nonce: int) -> None:
        super().__init__(
            f"another transaction took nonce {nonce} of {hex0x(account)}: a sender elsewhere uses the same key"
        )
        self.account = account
        self.nonce = nonce


class OutOfGasError(ContractRevertError):
    """A block holds a transaction that used up its gas, and did nothing else."""

    def __init__(self, function: str, gas: int) -> None:
        super().__init__(function, "OutOfGas", {"gas": gas})
        self.args = (f"{function} was not executed: {gas} units of gas were too few",)


class SentJournalError(ChainError):
    """The record of signed transactions cannot be written or read."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"journal of signed transactions {path}: {problem}")
        self.path = path
        self.problem = problem


class RevertedAfterReorganisationError(ContractRevertError):
    """A call was in a block that left the chain, and on the chain as it is now the contract refuses it."""

    def __init__(self, block_number: int, refusal: ContractRevertError) -> None:
        super().__init__(refusal.function, refusal.name, refusal.values)
        self.args = (
            f"block {block_number}, which held the transaction, was reorganised away; now {refusal}",
        )
        self.block_number = block_number

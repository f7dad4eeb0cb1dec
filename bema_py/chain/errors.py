"""What can go wrong between this program and a chain, and how a contract's refusal reads."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from bema_py.core.errors import BemaError, InputError, MalformedError
from bema_py.core.types import Address, hex0x

REVERTED = 3
"""The JSON-RPC error code of a call that the contract reverted."""


class ChainError(BemaError):
    """The chain cannot be reached or is not the expected one."""

    exit_code: ClassVar[int] = 3


class ChainUnreachableError(ChainError):
    """Nothing answers at the address of the node, or not in time."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"no chain answers at {url}: {reason}")
        self.url = url
        self.reason = reason


class WrongChainError(ChainError):
    """The node serves another chain than the one asked for."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"expected chain id {expected}, the node serves chain id {actual}")
        self.expected = expected
        self.actual = actual


class ChainResponseError(ChainError):
    """The node answered a request with an error that is no revert."""

    def __init__(self, url: str, message: str) -> None:
        super().__init__(f"the node at {url} answered: {message}")
        self.url = url
        self.message = message


class BlockMissingError(ChainError):
    """The chain has no block of this number (yet)."""

    def __init__(self, number: int | str) -> None:
        super().__init__(f"the chain has no block {number}")
        self.number = number


class WaitTimeoutError(ChainError):
    """Something that the chain should do did not happen in time."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"waited {seconds:g} s for {what}")
        self.what = what
        self.seconds = seconds


class AccountBusyError(ChainError):
    """Another process keeps an account that it is sending from."""

    def __init__(self, account: Address, holder: str, path: Path, seconds: float) -> None:
        super().__init__(
            f"process {holder} is sending from {hex0x(account)} and did not finish in {seconds:g} s (lock {path})"
        )
        self.account = account
        self.holder = holder
        self.path = path
        self.seconds = seconds


class AccountLockError(ChainError):
    """The lock file of an account that the operating system does not let this program open."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"account lock {path}: {error.strerror or error}")
        self.path = path
        self.error_number = error.errno


class HistoryChangedError(ChainError):
    """A block was replaced by another while the history was read."""

    def __init__(self, number: int, read: bytes, found: bytes) -> None:
        super().__init__(
            f"block {number} was {hex0x(read)} and is now {hex0x(found)}: read the history again"
        )
        self.number = number
        self.read = read
        self.found = found


class NoContractError(ChainError):
    """There is no code at the address of the contract."""

    def __init__(self, address: Address, chain_id: int) -> None:
        super().__init__(f"no contract at {hex0x(address)} on chain {chain_id}")
        self.address = address
        self.chain_id = chain_id


class WrongContractError(ChainError):
    """The contract at the address is not the one of the deployment record."""

    def __init__(self, address: Address, what: str, expected: object, actual: object) -> None:
        super().__init__(f"the contract at {hex0x(address)} has {what} {actual}, the record says {expected}")
        self.address = address
        self.what = what
        self.expected = expected
        self.actual = actual


class JournalError(MalformedError):
    """A journal that cannot be replayed."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path} line {line}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


class JournalDivergedError(JournalError):
    """Replaying a journal gave another chain than the one it recorded."""

    def __init__(self, path: Path, line: int, field: str, recorded: object, replayed: object) -> None:
        super().__init__(path, line, f"the journal records {field} {recorded}, its replay gives {replayed}")
        self.field = field
        self.recorded = recorded
        self.replayed = replayed


class JournalBusyError(ChainError):
    """Another process is writing to the chain of this journal."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is in use by another process")
        self.path = path


class JournalAccessError(ChainError):
    """A journal that the operating system does not let this program read or write."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"journal {path}: {error.strerror or error}")
        self.path = path
        self.error_number = error.errno


class KeystoreError(InputError):
    """A keystore file that cannot be opened with the password given."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"keystore {path}: {problem}")
        self.path = path
        self.problem = problem


class PasswordError(InputError):
    """No password where it was said to be."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source
        self.problem = problem


class ContractError(BemaError):
    """The contract refused."""

    exit_code: ClassVar[int] = 4


class CallRevertedError(ContractError):
    """A call reverted; `data` is what the contract returned, still encoded."""

    def __init__(self, data: bytes) -> None:
        super().__init__(f"the call reverted with {hex0x(data)}")
        self.data = data


class CallArgumentError(InputError):
    """An argument that its type in the contract cannot hold."""

    def __init__(self, function: str, problem: str) -> None:
        super().__init__(f"{function}: {problem}")
        self.function = function
        self.problem = problem


class ResultError(ChainError):
    """What came back from the chain is not what the contract's ABI says."""

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(f"the answer to {what} does not fit the contract's ABI: {problem}")
        self.what = what
        self.problem = problem


Value = int | str | bytes | bool


class ContractRevertError(ContractError):
    """The contract reverted with an error of this name and these values.

    Names are those of the contract's custom errors, `Error` and `Panic` of the language itself, `NoReason`
    where nothing was returned, `UnknownError` where the ABI does not list the selector. Addresses and digests
    are bytes.
    """

    def __init__(self, function: str, name: str, values: Mapping[str, Value]) -> None:
        listed = ", ".join(f"{key}={_readable(value)}" for key, value in values.items())
        super().__init__(f"the contract refused {function}: {name}({listed})")
        self.function = function
        self.name = name
        self.values = dict(values)


class ApprovalMismatchError(ContractError):
    """An approval was given for something else than it is used for."""

    def __init__(self, field: str, approved: object, used: object) -> None:
        super().__init__(f"the approval is for {field} {approved}, not {used}")
        self.field = field
        self.approved = approved
        self.used = used


class SignatureError(ContractError):
    """A signature that the contract would refuse."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the signature does not count: {problem}")
        self.problem = problem


class VotesError(ContractError):
    """Votes that are not on one motion, or not of as many founders as it takes."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"these votes carry no motion: {problem}")
        self.problem = problem


class PlainFormError(MalformedError):
    """A JSON value that is not the form of what it should be."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class RecordFileError(InputError):
    """A deployment record that cannot be read."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"deployment record {path}: {problem}")
        self.path = path
        self.problem = problem


def is_error(error: BaseException, name: str) -> bool:
    """Whether `error` is the contract's refusal called `name`."""
    return isinstance(error, ContractRevertError) and error.name == name


def _readable(value: Value) -> str:
    return hex0x(value) if isinstance(value, bytes) else str(value)

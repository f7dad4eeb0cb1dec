"""What every story is made of: moments, amounts, participants, and what could not be told."""

from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NewType

from bema_py.chain.events import EventPosition
from bema_py.core.errors import BemaError
from bema_py.core.types import Address, PartyId, PartyType, hex0x
from bema_py.roles.history import History

Transaction = NewType("Transaction", bytes)
"""32 bytes naming an Ethereum transaction."""

WEI = 10**18


class Wide(int):
    """An integer that may have more than 53 bits; its JSON form is decimal text, which every reader keeps whole."""

    def to_plain(self) -> str:
        """Give the decimal text."""
        return str(int(self))


@dataclass(frozen=True)
class Money:
    """An amount in wei."""

    wei: int

    @property
    def eth(self) -> str:
        """The amount in ether as decimal text, exact."""
        whole, rest = divmod(abs(self.wei), WEI)
        digits = f"{rest:018d}".rstrip("0")
        return f"{'-' if self.wei < 0 else ''}{whole}{'.' if digits else ''}{digits}"

    def to_plain(self) -> dict[str, Any]:
        """Give both units, as text: other readers of JSON keep 53 bits."""
        return {"eth": self.eth, "wei": str(self.wei)}


@dataclass(frozen=True)
class Moment:
    """When something happened on chain: seconds of chain time, the Ethereum block, the transaction."""

    time: int
    ethereum_block: int
    transaction: Transaction

    def to_plain(self) -> dict[str, Any]:
        """Give the chain's seconds beside ISO time."""
        return {
            "time": self.time,
            "utc": utc(self.time),
            "ethereum_block": self.ethereum_block,
            "transaction": hex0x(self.transaction),
        }


@dataclass(frozen=True)
class Who:
    """An account, and which party it is, if any."""

    account: Address
    party: PartyId | None
    kind: PartyType


@dataclass(frozen=True)
class Gap:
    """Something a story has to leave out: what, why, and the exit code that says so."""

    what: str
    reason: str
    exit_code: int


def moment(position: EventPosition) -> Moment:
    """Give the moment of an event."""
    return Moment(position.time, position.block_number, Transaction(position.transaction_hash))


def who(history: History, account: Address) -> Who:
    """Say which party an account is, by all that is known today."""
    party = history.party_of(account)
    return Who(account, party.party if party else None, history.party_type_of(account))


def author(history: History, party: PartyId) -> Who:
    """Give a party with its account; of an altered history's unknown party the account is empty."""
    known = history.parties.get(party)
    return (
        Who(known.account, party, known.party_type) if known else Who(Address(b""), party, PartyType.NEITHER)
    )


def gap(what: str, error: BemaError) -> Gap:
    """Keep an error as something that a story leaves out."""
    return Gap(what, str(error), error.exit_code)


def utc(time: int) -> str:
    """Give seconds since 1970 as ISO 8601 in UTC."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        # Only an altered record names a time that no calendar has.
        return "beyond the calendar"


def plain(value: object) -> Any:
    """Give any fact as JSON-ready values: bytes in hexadecimal, words of an enumeration in lower case."""
    if hasattr(value, "to_plain"):
        return value.to_plain()
    if isinstance(value, bytes):
        return hex0x(value)
    if isinstance(value, Enum):
        return value.name.lower()
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(plain(name)): plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value

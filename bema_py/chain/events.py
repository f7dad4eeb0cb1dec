"""What the contract's events say, one class an event, each with its place in the chain's order."""

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from bema_py.chain.abi import Element, artifact, decode_values
from bema_py.chain.errors import ResultError
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.packed_records import ApprovalOnRecord, unpack_approvals, unpack_signatures
from bema_py.core.types import Address, BlockHash, Commitment, Digest, ModelDigest, PartyId

WORD = 32
UNPACK = {"approvals": unpack_approvals, "signatures": unpack_signatures}
"""What reads an event's packed records, by the name of the input that holds them."""


class Fraud(IntEnum):
    """What the contract itself found false in a rejected block; NONE where original parties voted."""

    NONE = 0
    MALFORMED_LEAF = 1
    FIRST_LEAF_NOT_RECORD = 2
    RECORD_OF_OTHER_RULES = 3
    RECORD_OF_OTHER_MINER = 4
    RECORD_OF_OTHER_HEIGHT = 5
    SAMPLE_NOT_REVEALED = 6
    SAMPLE_OF_OTHER_PARTY = 7
    SAMPLE_REVEALED_LATE = 8
    UPDATE_OF_UNKNOWN_PARTY = 9
    REWARD_BEYOND_FUNDING = 10
    LEAVES_OUT_OF_ORDER = 11
    REWARD_DECREASED = 12


@dataclass(frozen=True, order=True)
class EventPosition:
    """Where an event stands; positions of one chain compare in the order in which things happened.

    `time` is that of the Ethereum block, in seconds.
    """

    block_number: int
    log_index: int
    transaction_index: int
    transaction_hash: EthereumHash
    block_hash: EthereumHash
    time: int


@dataclass(frozen=True)
class GenesisClosed:
    """Every original party has registered; block 1 builds on this hash."""

    position: EventPosition
    genesis_hash: BlockHash


@dataclass(frozen=True)
class OriginalPartyRegistered:
    """A founder registered its model; masks have bit y set for class y."""

    position: EventPosition
    party: PartyId
    account: Address
    model_card: ModelDigest
    held_classes: int
    label_space: int


@dataclass(frozen=True)
class RegularPartyRegistered:
    """A regular party joined by these approvals, in the ascending order of their signers."""

    position: EventPosition
    party: PartyId
    account: Address
    model_card: ModelDigest
    held_classes: int
    label_space: int
    approvals: tuple[ApprovalOnRecord, ...]


@dataclass(frozen=True)
class ApprovalRevoked:
    """A founder withdrew an approval that had not been used."""

    position: EventPosition
    signer: Address
    nonce: int


@dataclass(frozen=True)
class BatchCommitted:
    """A party committed to a batch."""

    position: EventPosition
    party: PartyId
    commitment: Commitment


@dataclass(frozen=True)
class BatchRevealed:
    """A party opened its commitment; the batch object has the content digest."""

    position: EventPosition
    party: PartyId
    commitment: Commitment
    batch_root: Digest
    content_digest: Digest
    salt: bytes


@dataclass(frozen=True)
class BlockSubmitted:
    """A block became the tip; `header` is its 112 bytes, its hash was below `target`."""

    position: EventPosition
    height: int
    block_hash: BlockHash
    miner: Address
    header: bytes
    body_digest: Digest
    leaf_count: int
    target: int


@dataclass(frozen=True)
class PartySuspended:
    """A party is suspended from here on, by these signatures of original parties."""

    position: EventPosition
    party: PartyId
    account: Address
    reason: Digest
    deadline: int
    signatures: tuple[bytes, ...]


@dataclass(frozen=True)
class BlockRejected:
    """A block left the chain with all its descendants; `tip`, its parent, is the tip again.

    `fraud` is a number of `Fraud`; where it is NONE `signatures` under `reason` decided it.
    """

    position: EventPosition
    height: int
    block_hash: BlockHash
    tip: BlockHash
    fraud: int
    reason: Digest
    signatures: tuple[bytes, ...]


@dataclass(frozen=True)
class BondReturned:
    """The bond of a final or an orphaned block was paid back, in wei."""

    position: EventPosition
    block_hash: BlockHash
    miner: Address
    to: Address
    amount: int


@dataclass(frozen=True)
class PoolFunded:
    """The pool grew by `amount` wei; `funded` is all that ever came into it, slashed bonds included."""

    position: EventPosition
    from_: Address
    amount: int
    funded: int


@dataclass(frozen=True)
class RewardClaimed:
    """`amount` wei moved from the pool to the account, which a block says earned `cumulative` in all."""

    position: EventPosition
    account: Address
    block_hash: BlockHash
    amount: int
    cumulative: int


@dataclass(frozen=True)
class RewardWithdrawn:
    """An account took out all that it had claimed and not yet taken, in wei."""

    position: EventPosition
    account: Address
    to: Address
    amount: int


Event = (
    GenesisClosed
    | OriginalPartyRegistered
    | RegularPartyRegistered
    | ApprovalRevoked
    | BatchCommitted
    | BatchRevealed
    | BlockSubmitted
    | PartySuspended
    | BlockRejected
    | BondReturned
    | PoolFunded
    | RewardClaimed
    | RewardWithdrawn
)

EVENT_TYPES: Mapping[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        GenesisClosed,
        OriginalPartyRegistered,
        RegularPartyRegistered,
        ApprovalRevoked,
        BatchCommitted,
        BatchRevealed,
        BlockSubmitted,
        PartySuspended,
        BlockRejected,
        BondReturned,
        PoolFunded,
        RewardClaimed,
        RewardWithdrawn,
    )
}


def snake_case(name: str) -> str:
    """Spell a Solidity name as Python does, with a `_` after what is a word of Python's own."""
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return f"{snake}_" if keyword.iskeyword(snake) else snake


def element_of(event: str) -> Element:
    """Give the ABI's description of an event."""
    return next(each for each in artifact().events.values() if each.name == event)


def decode_log(log: Mapping[str, Any], time: int) -> Event | None:
    """Read one log as web3 gives it; None where it is no event of the contract's interface.

    Raises `ResultError` where topics or data do not fit the ABI.
    """
    topics = [bytes(topic) for topic in log["topics"]]
    element = artifact().events.get(topics[0]) if topics else None
    kind = EVENT_TYPES.get(element.name) if element else None
    if element is None or kind is None:
        return None
    values = _values(element, topics[1:], bytes(log["data"]))
    return kind(position=_position(log, time), **values)


def _values(element: Element, topics: list[bytes], data: bytes) -> dict[str, Any]:
    indexed = [each for each in element.inputs if each.indexed]
    others = [each for each in element.inputs if not each.indexed]
    if len(topics) != len(indexed) or any(len(topic) != WORD for topic in topics):
        raise ResultError(element.name, f"{len(topics)} topics of {len(indexed)}")
    types = [each.type for each in indexed]
    named = dict(zip(indexed, decode_values(element.name, types, b"".join(topics)), strict=True))
    named |= zip(others, decode_values(element.name, [each.type for each in others], data), strict=True)
    return {snake_case(each.name): _own(element.name, each.name, value) for each, value in named.items()}


def _own(event: str, name: str, value: Any) -> Any:
    """Take packed records apart; everything else is plain. Raises `ResultError`."""
    return UNPACK[name](event, value) if name in UNPACK else value


def _position(log: Mapping[str, Any], time: int) -> EventPosition:
    return EventPosition(
        block_number=int(log["blockNumber"]),
        log_index=int(log["logIndex"]),
        transaction_index=int(log["transactionIndex"]),
        transaction_hash=EthereumHash(bytes(log["transactionHash"])),
        block_hash=EthereumHash(bytes(log["blockHash"])),
        time=time,
    )

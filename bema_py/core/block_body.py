"""A block's body: everything its Merkle root covers, as stored content."""

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar, cast

from bema_py.core.checks import U32, FieldLengthError, check_ascending, check_bytes, check_integer
from bema_py.core.encoding import digest, encode
from bema_py.core.errors import InputError
from bema_py.core.fields import VERSION, read_list, read_map, read_object, reading
from bema_py.core.leaves import CalibrationRecord, ModelUpdate, RewardLeaf, SampleLeaf, batches_digest
from bema_py.core.merkle import merkle_root
from bema_py.core.types import Address, BlockHash, Commitment, Digest, PartyType, hex0x

MAX_BODY_SIZE = 2**26
MAX_LISTED = 2**16

BodyLeaf = CalibrationRecord | SampleLeaf | ModelUpdate | RewardLeaf
"""Any leaf of a block."""

_Leaf = TypeVar("_Leaf", CalibrationRecord, SampleLeaf, ModelUpdate)


class RecordMismatchError(InputError):
    """A block body's calibration record contradicts the body."""

    def __init__(self, field: str, recorded: object, required: object) -> None:
        """Keep the record's field, its value and the value the body requires."""
        self.field = field
        self.recorded = recorded
        self.required = required
        super().__init__(f"the record's {field} is {_shown(recorded)}, the body requires {_shown(required)}")


def _shown(value: object) -> str:
    return hex0x(value) if isinstance(value, bytes) else str(value)


@dataclass(frozen=True, slots=True)
class BlockBody:
    """The calibration record, the batches it considered, and the leaves, each list strictly ascending.

    batches: by commitment. samples: by sample id. updates: by party id. rewards: by account. Creating
    a body checks the order (FieldOrderError); check_record compares the record with the rest.
    """

    height: int
    parent: BlockHash
    record: CalibrationRecord
    batches: tuple[Commitment, ...]
    samples: tuple[SampleLeaf, ...]
    updates: tuple[ModelUpdate, ...]
    rewards: tuple[RewardLeaf, ...]

    def __post_init__(self) -> None:
        """Refuse lists in another than the consensus order: one set has one root."""
        check_integer("body height", self.height, 1, U32)
        check_bytes("body parent", self.parent, 32)
        for name in ("batches", "samples", "updates", "rewards"):
            entries = getattr(self, name)
            if len(entries) > MAX_LISTED:
                raise FieldLengthError(f"body {name}", len(entries), 0, MAX_LISTED)
        for commitment in self.batches:
            check_bytes("body batch commitment", commitment, 32)
        check_ascending("body batches", self.batches)
        check_ascending("body samples", tuple(leaf.sample for leaf in self.samples))
        check_ascending("body updates", tuple(leaf.party for leaf in self.updates))
        check_ascending("body rewards", tuple(leaf.account for leaf in self.rewards))

    def check_record(self) -> None:
        """Refuse a record whose height, batches or counts contradict the body; raises RecordMismatchError.

        How many samples were judged can only be told with the batches at hand.
        """
        required = {
            "height": self.height,
            "batch_count": len(self.batches),
            "batches": batches_digest(self.batches),
            "used": len(self.samples),
            "updates": len(self.updates),
        }
        for field, value in required.items():
            recorded = getattr(self.record, field)
            if recorded != value:
                raise RecordMismatchError(field, recorded, value)

    def leaves(self) -> list[Digest]:
        """Give the leaves' hashes in consensus order."""
        return [entry.leaf() for entry in self.entries()]

    def entries(self) -> list[BodyLeaf]:
        """Give the leaves in consensus order: record, samples, updates, rewards."""
        return [self.record, *self.samples, *self.updates, *self.rewards]

    def root(self) -> Digest:
        """Give the Merkle root, which the header holds."""
        return merkle_root(self.leaves())

    def to_bytes(self) -> bytes:
        """Encode as canonical DAG-CBOR, each leaf as the map of its fields."""
        return encode(
            {
                "version": VERSION,
                "height": self.height,
                "parent": self.parent,
                "record": _to_map(self.record),
                "batches": list(self.batches),
                "samples": [_to_map(leaf) for leaf in self.samples],
                "updates": [_to_map(leaf) for leaf in self.updates],
                "rewards": [_to_reward(leaf) for leaf in self.rewards],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "BlockBody":
        """Decode and validate; raises MalformedError leaves."""
        names = frozenset(field.name for field in fields(cls))
        plain = read_object("block body", data, names, max_size=MAX_BODY_SIZE)
        with reading("block body"):
            return cls(
                cast(int, plain["height"]),
                cast(BlockHash, plain["parent"]),
                _read_record(plain["record"]),
                tuple(cast(list[Commitment], read_list("body batches", plain["batches"]))),
                _read_list_of(SampleLeaf, "sample leaf", plain["samples"]),
                _read_list_of(ModelUpdate, "model update", plain["updates"]),
                tuple(_read_reward(entry) for entry in read_list("list of reward leaf", plain["rewards"])),
            )

    def digest(self) -> Digest:
        """Give the body digest, which the contract holds."""
        return digest(self.to_bytes())


def _to_reward(leaf: RewardLeaf) -> dict[str, object]:
    """Write the amount as its 32 bytes: integers of CBOR end at 64 bits."""
    return {"account": leaf.account, "cumulative": leaf.cumulative.to_bytes(32, "big")}


def _read_reward(value: object) -> RewardLeaf:
    plain = read_map("reward leaf", value, frozenset({"account", "cumulative"}))
    amount = check_bytes("reward cumulative", plain["cumulative"], 32)
    return RewardLeaf(cast(Address, plain["account"]), int.from_bytes(amount, "big"))


def _to_map(leaf: CalibrationRecord | SampleLeaf | ModelUpdate) -> dict[str, object]:
    # int() strips the enum of the party type, which CBOR does not know.
    values = ((field.name, getattr(leaf, field.name)) for field in fields(leaf))
    return {name: int(value) if isinstance(value, int) else value for name, value in values}


def _from_map(kind: type[_Leaf], name: str, value: object) -> _Leaf:
    names = frozenset(field.name for field in fields(kind))
    # Each leaf checks the types of all its fields itself.
    return kind(**cast(dict[str, Any], read_map(name, value, names)))


def _read_list_of(kind: type[_Leaf], name: str, value: object) -> tuple[_Leaf, ...]:
    return tuple(_from_map(kind, name, entry) for entry in read_list(f"list of {name}", value))


def _read_record(value: object) -> CalibrationRecord:
    record = _from_map(CalibrationRecord, "calibration record", value)
    return replace(record, party_type=PartyType(record.party_type))

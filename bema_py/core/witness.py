"""The data witness (10b): its rules, and what founders state about a revealed batch. **Extension** of the paper."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, cast

from bema_py.core.checks import (
    U8,
    U32,
    FieldChoiceError,
    FieldLengthError,
    check_ascending,
    check_bytes,
    check_integer,
)
from bema_py.core.encoding import digest, encode
from bema_py.core.fields import VERSION, read_list, read_map, read_object, reading
from bema_py.core.hashing import sha256, sha256d
from bema_py.core.types import Commitment, Digest, PartyId

Feature = Literal["strokes", "plain"]

NEIGHBOURS = 3
"""Nearest references of a class whose squared distances are stated, and summed."""
DISTANCE_BYTES = 4
MAX_FEATURE = 2**16
"""Values of a feature: the squared distance of more bytes could exceed 32 bits."""
MAX_DISTANCE = 2**32 - 1
MAX_FOUNDERS = 64
"""Roots that fit into a rules object."""
MAX_STATEMENTS_SIZE = 2**26
MAX_STATEMENTS = 2**16
SIGNATURE_LENGTH = 65
_FEATURES = ("strokes", "plain")


@dataclass(frozen=True, slots=True)
class WitnessRules:
    """How founders' private references decide about regular parties' samples.

    feature: what distances are taken of, "strokes" of one-channel images or the bytes as they are ("plain").
    references: the founders' reference roots, in the founders' order. witnesses: founders that must be heard
    for each class. ratio: (numerator, denominator) of the largest d(y) / d(y') that is accepted. farthest: the
    largest d(y) accepted, 0 for no bound. penalty, relief, limit: what a refusal adds to an author's sum, what
    an accepted sample takes from it, and the sum at which founders suspend.
    """

    feature: Feature
    references: tuple[Digest, ...]
    witnesses: int
    ratio: tuple[int, int]
    farthest: int
    penalty: int
    relief: int
    limit: int

    def __post_init__(self) -> None:
        """Refuse values outside their bounds."""
        if self.feature not in _FEATURES:
            raise FieldChoiceError("witness feature", self.feature, _FEATURES)
        if not 1 <= len(self.references) <= MAX_FOUNDERS:
            raise FieldLengthError("witness references", len(self.references), 1, MAX_FOUNDERS)
        for root in self.references:
            check_bytes("witness reference root", root, 32)
        check_integer("witness witnesses", self.witnesses, 1, len(self.references))
        if len(self.ratio) != 2:
            raise FieldLengthError("witness ratio", len(self.ratio), 2, 2)
        for name, part in zip(("numerator", "denominator"), self.ratio, strict=True):
            check_integer(f"witness ratio {name}", part, 1, 2**16)
        check_integer("witness farthest", self.farthest, 0, NEIGHBOURS * MAX_DISTANCE)
        for name in ("penalty", "relief", "limit"):
            check_integer(f"witness {name}", getattr(self, name), 1, 2**16)

    def to_map(self) -> dict[str, object]:
        """Give the fields as they stand in the rules object."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {"references": list(self.references), "ratio": list(self.ratio)}

    @classmethod
    def from_map(cls, value: object) -> "WitnessRules":
        """Read what `to_map` gives; raises MalformedError leaves."""
        plain = cast(dict[str, Any], read_map("witness rules", value, _NAMES))
        plain["references"] = tuple(read_list("witness references", plain["references"]))
        plain["ratio"] = tuple(read_list("witness ratio", plain["ratio"]))
        with reading("witness rules"):
            # __post_init__ checks every type.
            return cls(**plain)


_NAMES = frozenset(field.name for field in fields(WitnessRules))


@dataclass(frozen=True, slots=True)
class Statement:
    """How far one founder's references lie from each sample of a batch.

    distances: sample by sample, for each class the founder holds, ascending, the squared distances of its three
    nearest references, nearest first, as u32 big-endian. They depend on nothing but the batch and the references:
    a founder that signs two different statements about one batch has lied in one of them.
    """

    founder: PartyId
    commitment: Commitment
    distances: bytes

    def __post_init__(self) -> None:
        """Refuse fields of the wrong type or length."""
        check_integer("statement founder", self.founder, 1, U32)
        check_bytes("statement commitment", self.commitment, 32)
        check_bytes("statement distances", self.distances, 1, MAX_STATEMENTS_SIZE)

    def digest(self) -> Digest:
        """Give the SHA-256 of the distances, which is signed together with the commitment."""
        return sha256(self.distances)

    def check_size(self, samples: int, classes: int) -> None:
        """Raise FieldLengthError unless there are distances for so many samples and held classes."""
        size = samples * classes * NEIGHBOURS * DISTANCE_BYTES
        check_bytes("statement distances", self.distances, size)


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement and its founder's EIP-712 signature, 65 bytes r | s | v."""

    statement: Statement
    signature: bytes

    def __post_init__(self) -> None:
        """Refuse a signature of the wrong length."""
        check_bytes("statement signature", self.signature, SIGNATURE_LENGTH)

    @property
    def key(self) -> bytes:
        """Give what lists of statements are ordered by: commitment, then founder."""
        return self.statement.commitment + self.statement.founder.to_bytes(4, "big")

    def to_map(self) -> dict[str, object]:
        """Give the fields as they stand in a list."""
        statement = {field.name: getattr(self.statement, field.name) for field in fields(Statement)}
        return statement | {"signature": self.signature}

    @classmethod
    def from_map(cls, value: object) -> "SignedStatement":
        """Read what `to_map` gives; raises MalformedError leaves."""
        plain = cast(dict[str, Any], read_map("statement", value, _STATEMENT_NAMES))
        with reading("statement"):
            signature = plain.pop("signature")
            return cls(Statement(**plain), signature)


_STATEMENT_NAMES = frozenset({"founder", "commitment", "distances", "signature"})


@dataclass(frozen=True, slots=True)
class StatementList:
    """The statements a block rests on, ascending by commitment and founder; its calibration record holds the digest."""

    statements: tuple[SignedStatement, ...]

    def __post_init__(self) -> None:
        """Refuse another order: one set of statements has one digest."""
        if len(self.statements) > MAX_STATEMENTS:
            raise FieldLengthError("statement list", len(self.statements), 0, MAX_STATEMENTS)
        check_ascending("statement list", tuple(entry.key for entry in self.statements))

    def to_bytes(self) -> bytes:
        """Encode as canonical DAG-CBOR."""
        return encode({"version": VERSION, "statements": [entry.to_map() for entry in self.statements]})

    @classmethod
    def from_bytes(cls, data: bytes) -> "StatementList":
        """Decode and validate; raises MalformedError leaves."""
        plain = read_object("statement list", data, frozenset({"statements"}), max_size=MAX_STATEMENTS_SIZE)
        with reading("statement list"):
            entries = read_list("statement list", plain["statements"])
            return cls(tuple(SignedStatement.from_map(entry) for entry in entries))

    def digest(self) -> Digest:
        """Give the content digest, which the calibration record holds."""
        return digest(self.to_bytes())


def encode_distances(distances: Sequence[int]) -> bytes:
    """Write distances in their order; each must be below 2^32."""
    for distance in distances:
        check_integer("distance", distance, 0, MAX_DISTANCE)
    return b"".join(distance.to_bytes(DISTANCE_BYTES, "big") for distance in distances)


@dataclass(frozen=True, slots=True)
class ReferenceLeaf:
    """One private reference under a founder's root: a salt of its own, the class, and the feature's SHA-256."""

    salt: bytes
    label: int
    feature: Digest

    def __post_init__(self) -> None:
        """Refuse fields that do not fit their place in the preimage."""
        check_bytes("reference salt", self.salt, 32)
        check_integer("reference label", self.label, 0, U8)
        check_bytes("reference feature", self.feature, 32)

    def preimage(self) -> bytes:
        """Give the 67 bytes that are hashed."""
        return b"\x00\x06" + self.salt + self.label.to_bytes(1, "big") + self.feature

    def leaf(self) -> Digest:
        """Give the leaf's hash."""
        return sha256d(self.preimage())

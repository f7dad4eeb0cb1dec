"""The witness's rules, statements and reference leaves as objects: bounds, canonical bytes, order."""

from dataclasses import replace

import pytest

from bema_py.core.checks import FieldChoiceError, FieldLengthError, FieldOrderError, FieldRangeError
from bema_py.core.encoding import encode
from bema_py.core.errors import InputError
from bema_py.core.fields import FieldNamesError, InvalidObjectError
from bema_py.core.hashing import sha256, sha256d
from bema_py.core.types import Commitment, Digest, PartyId
from bema_py.core.witness import (
    ReferenceLeaf,
    SignedStatement,
    Statement,
    StatementList,
    WitnessRules,
    encode_distances,
)

RULES = WitnessRules(
    feature="strokes",
    references=(Digest(bytes([1] * 32)), Digest(bytes([2] * 32))),
    witnesses=1,
    ratio=(19, 21),
    farthest=0,
    penalty=1386,
    relief=405,
    limit=7000,
)


def signed(founder: int, commitment: int) -> SignedStatement:
    statement = Statement(PartyId(founder), Commitment(bytes([commitment] * 32)), encode_distances([1, 2, 3]))
    return SignedStatement(statement, bytes(65))


def test_rules_read_back_from_their_map() -> None:
    assert WitnessRules.from_map(RULES.to_map()) == RULES


def test_a_map_with_another_field_is_refused() -> None:
    with pytest.raises(FieldNamesError):
        WitnessRules.from_map(RULES.to_map() | {"mercy": 1})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"feature": "deep"}, FieldChoiceError),
        ({"references": ()}, FieldLengthError),
        ({"references": (bytes(31),)}, FieldLengthError),
        ({"witnesses": 0}, FieldRangeError),
        ({"witnesses": 3}, FieldRangeError),
        ({"ratio": (1, 2, 3)}, FieldLengthError),
        ({"ratio": (0, 1)}, FieldRangeError),
        ({"ratio": (1, 2**16 + 1)}, FieldRangeError),
        ({"farthest": -1}, FieldRangeError),
        ({"penalty": 0}, FieldRangeError),
        ({"relief": 0}, FieldRangeError),
        ({"limit": 0}, FieldRangeError),
    ],
)
def test_values_outside_their_bounds_are_refused(change: dict[str, object], error: type[InputError]) -> None:
    with pytest.raises(error):
        replace(RULES, **change)  # type: ignore[arg-type]
    if change != {"ratio": (1, 2, 3)}:
        plain = RULES.to_map() | {
            name: list(value) if isinstance(value, tuple) else value for name, value in change.items()
        }
        with pytest.raises(InvalidObjectError):
            WitnessRules.from_map(plain)


def test_statements_read_back_and_keep_their_digest() -> None:
    statements = StatementList((signed(1, 4), signed(2, 4), signed(1, 5)))
    again = StatementList.from_bytes(statements.to_bytes())
    assert again == statements
    assert statements.digest() == sha256(statements.to_bytes())


@pytest.mark.parametrize("order", [((2, 4), (1, 4)), ((1, 5), (1, 4)), ((1, 4), (1, 4))])
def test_statements_in_another_order_or_twice_are_refused(order: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(FieldOrderError):
        StatementList(tuple(signed(*each) for each in order))


def test_a_statement_of_unknown_fields_is_refused() -> None:
    entry = signed(1, 4).to_map() | {"mood": "sure"}
    with pytest.raises(FieldNamesError):
        StatementList.from_bytes(encode({"version": 1, "statements": [entry]}))


def test_distances_are_big_endian_and_below_two_to_the_32() -> None:
    assert encode_distances([1, 2**32 - 1]) == bytes.fromhex("00000001ffffffff")
    with pytest.raises(FieldRangeError):
        encode_distances([2**32])


def test_the_distances_must_fit_samples_and_classes() -> None:
    statement = Statement(PartyId(1), Commitment(bytes(32)), encode_distances(range(18)))
    statement.check_size(samples=3, classes=2)
    with pytest.raises(FieldLengthError):
        statement.check_size(samples=2, classes=2)


def test_a_reference_leaf_hashes_salt_class_and_feature() -> None:
    feature = sha256(b"feature")
    leaf = ReferenceLeaf(bytes(range(32)), 7, feature)
    assert leaf.leaf() == sha256d(b"\x00\x06" + bytes(range(32)) + b"\x07" + feature)
    assert len(leaf.preimage()) not in (65, 112)

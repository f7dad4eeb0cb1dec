"""The stored objects under attack: changed bytes, random bytes, and values that do not fit each other."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bema_py.core.batch import Batch, Sample, SampleTwiceError, check_batch
from bema_py.core.block_body import BlockBody, RecordMismatchError
from bema_py.core.checks import FieldLengthError, FieldOrderError
from bema_py.core.encoding import ObjectTooLargeError
from bema_py.core.errors import MalformedError
from bema_py.core.fields import InvalidObjectError, WrongTypeError
from bema_py.core.leaves import (
    BatchItem,
    CalibrationRecord,
    ModelUpdate,
    RewardLeaf,
    SampleLeaf,
    batches_digest,
    sample_id,
)
from bema_py.core.merkle import merkle_root
from bema_py.core.model_card import MAX_CARD_SIZE, ModelCard
from bema_py.core.public_set import PublicSet
from bema_py.core.rules import Rules
from bema_py.core.types import PartyType, classes_of, hex0x, mask_of

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "objects.json").read_text())["cases"]
KINDS = {
    "rules": Rules,
    "model card": ModelCard,
    "batch": Batch,
    "public set": PublicSet,
    "block body": BlockBody,
}
BASES = {case["kind"]: bytes.fromhex(case["bytes"][2:]) for case in VECTORS if case["name"] == "base"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_byte_is_refused_or_another_object(kind):
    original = KINDS[kind].from_bytes(BASES[kind])
    for at in range(len(BASES[kind])):
        for change in (0x01, 0x20, 0x80, 0xFF):
            data = bytearray(BASES[kind])
            data[at] ^= change
            try:
                found = KINDS[kind].from_bytes(bytes(data))
            except MalformedError:
                continue
            assert found != original
            assert found.to_bytes() == data
            assert found.digest() != original.digest()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100)
@given(data=st.data())
def test_random_bytes_raise_nothing_but_malformed(kind, data):
    base = BASES[kind]
    start = data.draw(st.integers(0, len(base)))
    end = data.draw(st.integers(start, len(base)))
    mixed = base[:start] + data.draw(st.binary(max_size=40)) + base[end:]
    if mixed != base:
        try:
            assert KINDS[kind].from_bytes(mixed).to_bytes() == mixed
        except MalformedError:
            return


SAMPLES = st.builds(Sample, st.binary(min_size=1, max_size=30), st.integers(0, 255))


@given(st.integers(1, 2**32 - 1), st.lists(SAMPLES, min_size=1, max_size=8, unique=True))
def test_batches_come_back(party, samples):
    batch = Batch(party, tuple(samples))
    assert Batch.from_bytes(batch.to_bytes()) == batch


def test_the_batch_root_is_over_the_items_in_order():
    batch = Batch(1, (Sample(b"b", 0), Sample(b"a", 1), Sample(b"c", 2)))
    assert batch.root() == merkle_root(
        [BatchItem(sample_id(x, y)).leaf() for x, y in ((b"b", 0), (b"a", 1), (b"c", 2))]
    )


def test_a_sample_twice_voids_a_batch():
    with pytest.raises(SampleTwiceError) as caught:
        Batch(1, (Sample(b"a", 0), Sample(b"a", 1), Sample(b"a", 0)))
    assert (caught.value.index, caught.value.sample) == (2, Sample(b"a", 0).id())


@pytest.mark.parametrize(
    ("samples", "text"),
    [
        ((Sample(bytes(783), 0),), "x of sample 0 has length 783, must have 784"),
        ((Sample(bytes(784), 0), Sample(bytes(784), 10)), "y of sample 1 is 10, must be 0 to 9"),
        (tuple(Sample(bytes([i]) * 784, 0) for i in range(5)), "batch samples has length 5"),
    ],
)
def test_a_batch_against_the_rules_is_void(samples, text):
    rules = replace(Rules.from_bytes(BASES["rules"]), max_batch_samples=4)
    with pytest.raises(InvalidObjectError, match=text):
        check_batch(Batch(1, samples), rules)
    check_batch(Batch(1, (Sample(bytes(784), 9),)), rules)


def test_a_public_set_against_the_rules_is_refused():
    rules = Rules.from_bytes(BASES["rules"])
    with pytest.raises(InvalidObjectError, match="public set: x of sample 0 has length 783"):
        PublicSet((Sample(bytes(783), 0),)).check(rules)
    with pytest.raises(InvalidObjectError, match="public set: y of sample 1 is 10"):
        PublicSet((Sample(bytes(784), 0), Sample(bytes(784), 10))).check(rules)
    PublicSet((Sample(bytes(784), 9),)).check(rules)


DIGESTS = st.binary(min_size=32, max_size=32)
LEAVES = st.builds(
    SampleLeaf,
    DIGESTS,
    st.integers(1, 9),
    DIGESTS,
    st.integers(0, 9),
    st.integers(0, 255),
    st.integers(0, 255),
)
UPDATES = st.builds(ModelUpdate, st.integers(1, 2**32 - 1), DIGESTS, DIGESTS)
REWARDS = st.builds(RewardLeaf, st.binary(min_size=20, max_size=20), st.integers(1, 2**256 - 1))


@st.composite
def bodies(draw):
    batches = tuple(sorted(draw(st.sets(DIGESTS, max_size=4))))
    samples = sorted(
        draw(st.lists(LEAVES, max_size=6, unique_by=lambda leaf: leaf.sample)), key=lambda x: x.sample
    )
    updates = sorted(
        draw(st.lists(UPDATES, max_size=6, unique_by=lambda leaf: leaf.party)), key=lambda x: x.party
    )
    rewards = sorted(
        draw(st.lists(REWARDS, max_size=4, unique_by=lambda leaf: leaf.account)), key=lambda x: x.account
    )
    height = draw(st.integers(1, 2**32 - 1))
    kind = draw(st.sampled_from(PartyType))
    counts = draw(st.integers(0, 99)), len(samples), len(updates)
    listed = batches_digest(batches)
    record = CalibrationRecord(bytes(32), bytes(20), kind, height, len(batches), listed, bytes(32), *counts)
    lists = tuple(samples), tuple(updates), tuple(rewards)
    return BlockBody(height, bytes(32), record, batches, *lists)


@given(bodies())
def test_bodies_come_back_with_their_root(body):
    body.check_record()
    found = BlockBody.from_bytes(body.to_bytes())
    assert found == body
    assert isinstance(found.record.party_type, PartyType)
    leaves = [body.record.leaf(), *(leaf.leaf() for leaf in body.samples)]
    leaves += [leaf.leaf() for leaf in (*body.updates, *body.rewards)]
    assert body.leaves() == leaves
    assert body.root() == merkle_root(leaves)


@pytest.mark.parametrize("field", ["height", "batch_count", "batches", "used", "updates"])
def test_a_record_that_contradicts_its_body_is_named(field):
    body = BlockBody.from_bytes(BASES["block body"])
    body.check_record()
    value = bytes(32) if field == "batches" else 77
    with pytest.raises(RecordMismatchError, match=f"the record's {field} is ") as caught:
        replace(body, record=replace(body.record, **{field: value})).check_record()
    assert (caught.value.field, caught.value.recorded) == (field, value)


@pytest.mark.parametrize("name", ["batches", "samples", "updates", "rewards"])
def test_lists_in_another_order_are_refused(name):
    body = BlockBody.from_bytes(BASES["block body"])
    with pytest.raises(FieldOrderError) as caught:
        replace(body, **{name: getattr(body, name) * 2})
    assert (caught.value.field, caught.value.index) == (f"body {name}", 1)


def test_lists_beyond_their_length_are_refused():
    body = BlockBody.from_bytes(BASES["block body"])
    with pytest.raises(FieldLengthError, match="body batches has length 65537, must have 0 to 65536"):
        replace(body, batches=(bytes(32),) * (2**16 + 1))


def test_a_list_that_is_none_is_named():
    with pytest.raises(WrongTypeError, match="rules input must be a list, found int"):
        Rules.from_bytes(BASES["rules"].replace(b"input\x83\x01\x18\x1c\x18\x1c", b"input\x01"))


def test_objects_above_their_size_are_not_parsed():
    with pytest.raises(ObjectTooLargeError):
        ModelCard.from_bytes(bytes(MAX_CARD_SIZE + 1))


@given(st.sets(st.integers(0, 255)))
def test_class_masks_come_back(classes):
    assert classes_of(mask_of(classes)) == tuple(sorted(classes))


def test_a_class_no_mask_can_hold_is_refused():
    for label in (-1, 256):
        with pytest.raises(ValueError, match=r"outside 0\.\.255"):
            mask_of([label])


def test_digests_are_shown_as_the_contract_tools_show_them():
    assert hex0x(b"\x00\xab") == "0x00ab"

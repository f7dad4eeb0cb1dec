"""Canonical DAG-CBOR: everything that is not the one encoding of a value is refused."""

import contextlib
import struct

import dag_cbor
import pytest
from dag_cbor import encode as library_encode
from hypothesis import given
from hypothesis import strategies as st
from multiformats import CID

from bema_py.core.cid import CidBytesError, cid_from_bytes, object_cid
from bema_py.core.encoding import (
    MAX_DEPTH,
    MAX_ITEMS,
    CborError,
    NotCanonicalError,
    ObjectTooDeepError,
    ObjectTooLargeError,
    TooManyItemsError,
    decode,
    encode,
)
from bema_py.core.errors import MalformedError
from bema_py.core.hashing import sha256

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.text(st.characters(codec="utf-8"), max_size=20)
    | st.binary(max_size=40)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), inner, max_size=5)
    ),
    max_leaves=20,
).filter(lambda value: depth(value) <= MAX_DEPTH)
LIMIT = 10_000


def depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return 0
    return 1 + max(map(depth, value), default=0)


@given(VALUES)
def test_values_come_back(value):
    assert decode(encode(value), max_size=LIMIT) == value


@given(st.binary(max_size=60))
def test_random_bytes_are_refused_or_canonical(data):
    with contextlib.suppress(MalformedError):
        assert encode(decode(data, max_size=LIMIT)) == data


@given(VALUES, st.data())
def test_a_changed_byte_is_another_value_or_refused(value, data):
    encoded = bytearray(encode(value))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(MalformedError):
        assert encode(decode(bytes(encoded), max_size=LIMIT)) != encode(value)


@pytest.mark.parametrize(
    ("data", "position"),
    [
        (b"", 0),
        (b"\x18\x17", 0),  # 23 in two bytes
        (b"\x19\x00\xff", 0),  # 255 in three
        (b"\x1a\x00\x00\xff\xff", 0),
        (b"\x1b\x00\x00\x00\x00\xff\xff\xff\xff", 0),
        (b"\xa2\x61b\x00\x61a\x00", 0),  # keys out of order
        (b"\xa2\x62aa\x00\x61b\x00", 0),  # the longer key first
        (b"\xa2\x61a\x00\x61a\x00", 0),  # one key twice
        (b"\xa1\x00\x00", 0),  # a key that is no text
        (b"\x61\xff", 0),  # not UTF-8
        (b"\x63\xed\xa0\x80", 0),  # a lone surrogate
        (b"\x00\x00", 1),
        (b"\x5f\x41a\xff", 0),
        (b"\x9f\xff", 0),
        (b"\xf9\x3c\x00", 0),
        (b"\xfa\x3f\x80\x00\x00", 0),
        (b"\xfb" + struct.pack(">d", 1.0), 0),
        (b"\xf7", 0),
        (b"\xf8\x20", 0),
        (b"\xc0\x00", 0),
        (b"\xd8\x2a\x41\x00", 0),
        (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9),
        (b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", 9),
        (b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 0),
        (b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff", 0),
        (b"\x82\x00", 2),
    ],
)
def test_faults_are_named_with_their_place(data, position):
    with pytest.raises(CborError) as caught:
        decode(data, max_size=LIMIT)
    assert caught.value.position == position


def test_depth_is_bounded_before_anything_recurses():
    assert decode(b"\x81" * MAX_DEPTH + b"\0", max_size=LIMIT)
    for bomb in (b"\x81" * 1_000_000, b"\xa1\x61a" * 300_000, b"\x81" * (MAX_DEPTH + 1) + b"\0"):
        with pytest.raises(ObjectTooDeepError):
            decode(bomb, max_size=2**22)


def test_a_small_object_cannot_become_many_values():
    many = b"\x9a" + (MAX_ITEMS).to_bytes(4, "big") + b"\x80" * MAX_ITEMS
    with pytest.raises(TooManyItemsError) as caught:
        decode(many, max_size=len(many))
    assert caught.value.limit == MAX_ITEMS


def test_size_is_bounded():
    with pytest.raises(ObjectTooLargeError) as caught:
        decode(bytes(11), max_size=10)
    assert (caught.value.size, caught.value.limit) == (11, 10)


def test_canonical_form_is_checked_even_if_the_library_stops_doing_so(monkeypatch):
    monkeypatch.setattr(dag_cbor, "decode", lambda _: [0])
    with pytest.raises(NotCanonicalError) as caught:
        decode(b"\x81\x01", max_size=LIMIT)
    assert caught.value.position == 1


def test_floats_are_refused_on_the_way_out_too():
    with pytest.raises(CborError):
        encode({"a": [1.5]})


@pytest.mark.parametrize(
    "binary",
    [
        b"\x01\x55\x00\x00",  # identity
        b"\x12\x20" + bytes(32),  # version 0
        b"\x01\x71\x12\x1f" + bytes(31),
        b"\x01\x51\x12\x20" + bytes(32),
        b"\x01\xf1\x00\x12\x20" + bytes(31),  # a codec in more bytes than needed
    ],
)
def test_foreign_links_are_refused(binary):
    data = b"\xd8\x2a\x58" + bytes([len(binary) + 1]) + b"\x00" + binary
    with pytest.raises((CborError, CidBytesError)):
        decode(data, max_size=LIMIT)


def test_links_come_back_under_one_text_base():
    cid = object_cid(sha256(b"x"))
    found = decode(encode({"link": cid}), max_size=LIMIT)["link"]
    assert isinstance(found, CID)
    assert cid_from_bytes(bytes(found)) == cid


@given(VALUES)
def test_the_scan_takes_all_that_the_library_writes(value):
    assert encode(value) == library_encode(value)

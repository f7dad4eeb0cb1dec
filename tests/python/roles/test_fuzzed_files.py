"""Files as nobody writes them: decoders end in their own errors or in a value, never in anything else.

BEMA_FUZZ=20000 makes the search a long one.
"""

import json
import os
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_network import RULES, linear_model

from bema_py.chain.event_forms import event_from_plain, event_to_plain
from bema_py.chain.events import BlockSubmitted, EventPosition
from bema_py.core.cid import parse_cid
from bema_py.core.encoding import decode, encode
from bema_py.core.errors import BemaError, MalformedError
from bema_py.core.parameter_file import decode_parameters, encode_parameters
from bema_py.core.rules import Rules
from bema_py.core.witness import StatementList
from bema_py.learning.idx import read_images
from bema_py.learning.npz import load_labelled

EXAMPLES = int(os.environ.get("BEMA_FUZZ", "40"))
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MODEL = linear_model(1)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def damaged(draw: st.DrawFn, original: bytes) -> bytes:
    """Give bytes with a part cut out, repeated or replaced."""
    start = draw(st.integers(0, len(original)))
    end = draw(st.integers(start, min(len(original), start + 64)))
    middle = draw(st.binary(max_size=24) | st.just(original[start:end] * 2) | st.just(b""))
    return original[:start] + middle + original[end:]


def npz() -> bytes:
    target = BytesIO()
    np.savez(target, images=np.zeros((3, 6, 6), np.uint8), labels=np.arange(3))
    return target.getvalue()


def idx() -> bytes:
    return b"\x00\x00\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (2, 28, 28)) + bytes(2 * 784)


@FUZZ
@given(damaged(npz()))
def test_npz_files(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(data)
    with suppress(BemaError):
        load_labelled(path)


@FUZZ
@given(damaged(idx()))
def test_idx_files(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "images"
    path.write_bytes(data)
    with suppress(BemaError):
        read_images(path)


@FUZZ
@given(damaged(encode_parameters(MODEL.architecture, MODEL.to_bytes())))
def test_parameter_files(data: bytes) -> None:
    with suppress(MalformedError):
        found = decode_parameters(MODEL.architecture, data)
        assert encode_parameters(MODEL.architecture, found) == data


@FUZZ
@given(
    st.text(max_size=80) | damaged(b"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku").map(str)
)
def test_identifiers(text: str) -> None:
    with suppress(BemaError):
        parse_cid(text)


@FUZZ
@given(st.data())
def test_fields_of_rules_and_statements_of_any_type(data: st.DataObject) -> None:
    for original, read in (
        (RULES.to_bytes(), Rules.from_bytes),
        (StatementList(()).to_bytes(), StatementList.from_bytes),
    ):
        plain = decode(original, max_size=2**20)
        assert isinstance(plain, dict)
        plain[data.draw(st.sampled_from(sorted(plain)))] = data.draw(VALUES)
        with suppress(MalformedError):
            assert read(encode(plain)).to_bytes() == encode(plain)


POSITION = EventPosition(9, 1, 2, bytes(32), bytes(32), 77)  # type: ignore[arg-type]
EVENT = BlockSubmitted(POSITION, 3, bytes(32), bytes(20), bytes(112), bytes(32), 4, 2**250)  # type: ignore[arg-type]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@FUZZ
@given(st.data())
def test_lines_of_events(data: st.DataObject) -> None:
    plain = event_to_plain(EVENT)
    place = data.draw(st.sampled_from([plain, plain["position"], plain["fields"]]))
    place[data.draw(st.sampled_from(sorted(place)) | st.text(max_size=8))] = data.draw(JSON)
    with suppress(BemaError):
        found = event_from_plain(json.loads(json.dumps(plain)))
        assert event_to_plain(found) == json.loads(json.dumps(plain))


def test_the_originals_are_read(tmp_path: Path) -> None:
    (tmp_path / "data.npz").write_bytes(npz())
    (tmp_path / "images").write_bytes(idx())
    assert len(load_labelled(tmp_path / "data.npz")) == 3
    assert len(read_images(tmp_path / "images")) == 2
    assert event_from_plain(event_to_plain(EVENT)) == EVENT
    with pytest.raises(MalformedError):
        Rules.from_bytes(b"")

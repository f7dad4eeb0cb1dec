"""Approvals and signatures as records in one byte string: written as the interface's table says, and read strictly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from bema_py.chain.errors import CallArgumentError, ResultError
from bema_py.chain.events import BlockRejected, RegularPartyRegistered, decode_log, element_of
from bema_py.chain.packed_records import (
    ApprovalOnRecord,
    pack_approvals,
    pack_signatures,
    unpack_approvals,
    unpack_signatures,
)

SIGNATURES = st.binary(min_size=65, max_size=65)
APPROVALS = st.builds(
    ApprovalOnRecord,
    st.integers(0, 2**256 - 1),
    st.integers(0, 2**256 - 1),
    st.integers(0, 2**64 - 1),
    SIGNATURES,
)
ONE = ApprovalOnRecord(5, 6, 7, bytes(range(65)))


def test_the_table() -> None:
    packed = bytes(31) + b"\x05" + bytes(31) + b"\x06" + bytes(7) + b"\x07" + bytes(range(65))
    assert pack_approvals("registerRegularParty", [ONE]) == packed
    assert unpack_approvals("event", packed) == (ONE,)


@given(approvals=st.lists(APPROVALS, max_size=4))
def test_approvals_come_back(approvals: list[ApprovalOnRecord]) -> None:
    packed = pack_approvals("registerRegularParty", approvals)
    assert len(packed) == 137 * len(approvals)
    assert unpack_approvals("event", packed) == tuple(approvals)


@given(signatures=st.lists(SIGNATURES, max_size=4))
def test_signatures_come_back(signatures: list[bytes]) -> None:
    assert unpack_signatures("event", pack_signatures("rejectByVote", signatures)) == tuple(signatures)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"vouched_classes": 2**256}, "256 bits"),
        ({"nonce": -1}, "-1"),
        ({"deadline": 2**64}, "64 bits"),
        ({"signature": bytes(64)}, "a signature has 64 bytes, not 65"),
    ],
)
def test_what_a_record_cannot_hold_is_not_written(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(CallArgumentError, match=problem) as caught:
        pack_approvals("registerRegularParty", [ONE, replace(ONE, **changes)])
    assert caught.value.function == "registerRegularParty"


def test_a_signature_of_another_length_is_not_written() -> None:
    with pytest.raises(CallArgumentError, match="suspendParty: a signature has 66 bytes, not 65"):
        pack_signatures("suspendParty", [bytes(65), bytes(66)])


@pytest.mark.parametrize(
    ("unpack", "length", "problem"),
    [
        (unpack_approvals, 273, "273 bytes are no records of 137"),
        (unpack_approvals, 65, "65 bytes are no records of 137"),
        (unpack_signatures, 131, "131 bytes are no records of 65"),
    ],
)
def test_a_cut_record_is_not_read(unpack: Callable[[str, bytes], object], length: int, problem: str) -> None:
    with pytest.raises(ResultError, match=problem):
        unpack("event", bytes(length))


@pytest.mark.parametrize(
    ("kind", "values", "size"),
    [(RegularPartyRegistered, [bytes(32), 1, 1], 137), (BlockRejected, [bytes(32), 0, bytes(32)], 65)],
)
def test_an_event_with_a_cut_record_is_refused(kind: type, values: list[object], size: int) -> None:
    log = log_of(kind.__name__, [*values, bytes(2 * size)])
    assert isinstance(decode_log(log, 0), kind)
    with pytest.raises(ResultError, match=f"{kind.__name__} .*{2 * size - 1} bytes are no records of {size}"):
        decode_log(log_of(kind.__name__, [*values, bytes(2 * size - 1)]), 0)


def log_of(event: str, values: list[object]) -> dict[str, Any]:
    """A log of an event with two indexed inputs, as web3 gives it."""
    element = element_of(event)
    kinds = [each.type for each in element.inputs if not each.indexed]
    return {
        "topics": [element.digest, bytes(32), bytes(32)],
        "data": encode(kinds, values),
        "blockNumber": 1,
        "logIndex": 0,
        "transactionIndex": 0,
        "transactionHash": bytes(32),
        "blockHash": bytes(32),
    }

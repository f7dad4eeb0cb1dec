"""The JSON form of events, lossless and strict, for exports that an auditor reads without a chain."""

from typing import Any

from bema_py.chain.abi import Parameter
from bema_py.chain.errors import PlainFormError
from bema_py.chain.events import (
    EVENT_TYPES,
    Event,
    EventPosition,
    element_of,
    snake_case,
)
from bema_py.chain.packed_records import ApprovalOnRecord
from bema_py.chain.plain import (
    from_plain_value,
    read_fields,
    record_from_plain,
    record_to_plain,
    to_plain_value,
)

POSITION = (
    ("block_number", "uint48"),
    ("log_index", "uint32"),
    ("transaction_index", "uint32"),
    ("transaction_hash", "bytes32"),
    ("block_hash", "bytes32"),
    ("time", "uint48"),
)
APPROVAL = (
    ("vouched_classes", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint64"),
    ("signature", "bytes"),
)
APPROVALS, SIGNATURES = "approvals", "signatures"
"""The inputs of events that are lists."""


def event_to_plain(event: Event) -> dict[str, Any]:
    """Give the JSON form: bytes in hexadecimal, 256-bit integers as decimal text."""
    name = type(event).__name__
    fields = {snake_case(each.name): _to_plain(each, event) for each in element_of(name).inputs}
    return {"event": name, "position": record_to_plain(POSITION, event.position), "fields": fields}


def event_from_plain(plain: object) -> Event:
    """Read the JSON form. Raises `PlainFormError` for an unknown event or field and for a missing one."""
    given = read_fields("event", plain, ("event", "position", "fields"))
    name = given["event"]
    kind = EVENT_TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise PlainFormError("event", f"{name!r} is no event of the contract")
    inputs = element_of(name).inputs
    fields = read_fields(name, given["fields"], [snake_case(each.name) for each in inputs])
    values = {
        snake_case(each.name): _from_plain(f"{name}.{each.name}", each, fields[snake_case(each.name)])
        for each in inputs
    }
    position = EventPosition(**record_from_plain(f"{name}.position", POSITION, given["position"]))
    return kind(position=position, **values)


def _to_plain(parameter: Parameter, event: Event) -> Any:
    value = getattr(event, snake_case(parameter.name))
    if parameter.name == SIGNATURES:
        return [to_plain_value("bytes", each) for each in value]
    if parameter.name == APPROVALS:
        return [record_to_plain(APPROVAL, each) for each in value]
    return to_plain_value(parameter.type, value)


def _from_plain(path: str, parameter: Parameter, plain: object) -> Any:
    if parameter.name not in (APPROVALS, SIGNATURES):
        return from_plain_value(path, parameter.type, plain)
    if not isinstance(plain, list):
        raise PlainFormError(path, "no list")
    if parameter.name == SIGNATURES:
        return tuple(from_plain_value(path, "bytes", each) for each in plain)
    return tuple(ApprovalOnRecord(**record_from_plain(path, APPROVAL, each)) for each in plain)

"""The compiled contract, and the bytes of its calls, results and errors, generically from its ABI."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError, ParseError
from eth_utils.crypto import keccak

from bema_py.chain.errors import CallArgumentError, ContractRevertError, ResultError, Value
from bema_py.core.types import Address, unhex

CONSTRUCTOR = "constructor"
SELECTOR = 4


@dataclass(frozen=True)
class Parameter:
    """One input or output: its name, and its type as signatures spell it, tuples written out."""

    name: str
    type: str
    indexed: bool = False


@dataclass(frozen=True)
class Element:
    """One function, event or error of the ABI; `digest` is the keccak hash of its signature."""

    name: str
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    digest: bytes

    @property
    def selector(self) -> bytes:
        """The four bytes that name a function or an error."""
        return self.digest[:SELECTOR]


@dataclass(frozen=True)
class Artifact:
    """What the compiler made of the contract.

    `immutables` are the (offset, length) of the places in `runtime` that a deployment fills in.
    """

    functions: Mapping[str, Element]
    events: Mapping[bytes, Element]
    errors: Mapping[bytes, Element]
    bytecode: bytes
    runtime: bytes
    immutables: tuple[tuple[int, int], ...]


@cache
def artifact() -> Artifact:
    """Load the compiled contract that comes with the package."""
    text = resources.files("bema_py.chain").joinpath("artifacts", "Bema.json").read_text(encoding="utf-8")
    plain = json.loads(text)
    elements = [(entry["type"], _element(entry)) for entry in [*plain["abi"], *_BUILTIN_ERRORS]]
    return Artifact(
        functions={each.name: each for kind, each in elements if kind in ("function", CONSTRUCTOR)},
        events={each.digest: each for kind, each in elements if kind == "event"},
        errors={each.selector: each for kind, each in elements if kind == "error"},
        bytecode=unhex(plain["bytecode"]),
        runtime=unhex(plain["deployedBytecode"]),
        immutables=tuple((offset, length) for offset, length in plain["immutables"]),
    )


_BUILTIN_ERRORS = (
    {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


def _element(entry: dict[str, Any]) -> Element:
    name = entry.get("name", CONSTRUCTOR)
    inputs, outputs = (tuple(map(_parameter, entry.get(key, ()))) for key in ("inputs", "outputs"))
    signature = f"{name}({','.join(each.type for each in inputs)})"
    return Element(name, inputs, outputs, bytes(keccak(text=signature)))


def _parameter(entry: dict[str, Any]) -> Parameter:
    return Parameter(entry["name"], _spelled(entry), bool(entry.get("indexed", False)))


def _spelled(entry: dict[str, Any]) -> str:
    """Write a tuple type as the list of its components, as signatures do."""
    kind = str(entry["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(_spelled, entry['components']))}){kind.removeprefix('tuple')}"


def encode_call(function: str, arguments: Sequence[object]) -> bytes:
    """Give the call data of a function, or the arguments that follow the bytecode of the constructor.

    Raises `CallArgumentError` for a value that does not fit its type.
    """
    element = artifact().functions[function]
    try:
        encoded = encode([each.type for each in element.inputs], list(arguments))
    except (EncodingError, ParseError, TypeError) as error:
        raise CallArgumentError(function, str(error)) from error
    return encoded if function == CONSTRUCTOR else element.selector + encoded


def decode_result(function: str, data: bytes) -> tuple[Any, ...]:
    """Read what a function returned, addresses as 20 bytes. Raises `ResultError`."""
    return decode_values(function, [each.type for each in artifact().functions[function].outputs], data)


def decode_values(what: str, types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Read ABI-encoded values, addresses as 20 bytes. Raises `ResultError` naming `what`."""
    try:
        values = decode(types, data)
    except (DecodingError, OverflowError) as error:
        raise ResultError(what, str(error)) from error
    return tuple(_plain(kind, value) for kind, value in zip(types, values, strict=True))


def decode_revert(function: str, data: bytes) -> ContractRevertError:
    """Name the error that a reverted call returned."""
    if not data:
        return ContractRevertError(function, "NoReason", {})
    element = artifact().errors.get(data[:SELECTOR])
    if element is None:
        return ContractRevertError(function, "UnknownError", {"data": data})
    try:
        values = decode_values(element.name, [each.type for each in element.inputs], data[SELECTOR:])
    except ResultError:
        return ContractRevertError(function, "UnknownError", {"data": data})
    names = [each.name for each in element.inputs]
    return ContractRevertError(
        function, element.name, dict(zip(names, cast(tuple[Value, ...], values), strict=True))
    )


def _plain(kind: str, value: Any) -> Any:
    return Address(unhex(value)) if kind == "address" else value

"""Calls of the contract as lines for `cast`, Foundry's command line, so that nobody needs this program to ask."""

import shlex
from collections.abc import Sequence

from bema_py.chain.abi import artifact
from bema_py.core.types import Address, hex0x


def cast_call(contract: Address, function: str, arguments: Sequence[object], url: str) -> str:
    """Write the shell line that asks a function of the contract behind a JSON-RPC URL.

    `function` must be one of the ABI; arguments are bytes, integers, and sequences of them. An empty URL leaves it to
    the variable ETH_RPC_URL, as cast does.
    """
    asked = ["cast", "call", hex0x(contract), _signature(function), *(_text(each) for each in arguments)]
    return shlex.join([*asked, "--rpc-url", url] if url else asked)


def _signature(function: str) -> str:
    """Give a function's signature with its results, which cast decodes."""
    element = artifact().functions[function]
    inputs, outputs = (",".join(each.type for each in side) for side in (element.inputs, element.outputs))
    return f"{function}({inputs})({outputs})"


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return hex0x(value)
    if isinstance(value, Sequence):
        return f"[{','.join(_text(each) for each in value)}]"
    return str(value)

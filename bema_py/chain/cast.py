"""Calls of the contract as lines for `cast`, Foundry's command line, so that nobody needs this program to ask."""

import shlex
from collections.abc import Sequence
from urllib.parse import urlsplit

from bema_py.chain.abi import artifact
from bema_py.core.types import Address, hex0x


def cast_call(contract: Address, function: str, arguments: Sequence[object], url: str) -> str:
    """Write the shell line that asks a function of the contract behind a JSON-RPC URL.

    `function` must be one of the ABI; arguments are bytes, integers, and sequences of them. Where the URL is empty, or
    may hold a secret, the line leaves it to the variable ETH_RPC_URL, as cast does: such lines are handed on.
    """
    asked = ["cast", "call", hex0x(contract), _signature(function), *(_text(each) for each in arguments)]
    return shlex.join([*asked, "--rpc-url", url] if may_be_shown(url) else asked)


def may_be_shown(url: str) -> bool:
    """Whether a URL names a host and nothing else: providers' keys stand in the path, the query or before the host."""
    parts = urlsplit(url)
    return bool(parts.hostname) and parts.path in {"", "/"} and not parts.query and "@" not in parts.netloc


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

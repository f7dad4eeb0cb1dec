"""One question to the contract, its answer or its exact refusal, and random inputs for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chain_scenarios import World
from eth_utils.address import to_checksum_address
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from bema_py.chain.abi import decode_result, decode_revert, encode_call
from bema_py.chain.errors import CallRevertedError
from bema_py.chain.signers import Signer
from bema_py.core.errors import BemaError
from bema_py.core.merkle import node_hash, root_hash
from bema_py.core.types import Address, Digest

U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
NUMBERS = st.one_of(st.integers(0, 2**256 - 1), st.integers(0, 3))
WORDS = st.binary(min_size=32, max_size=32).map(Digest)
ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)
QUICK = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
"""Without shrinking: what a chain answers depends on what it was asked before."""
FEW = settings(QUICK, max_examples=4)
"""For a test that is repeated for every fault a question can have."""
NONE = "no fault"
"""A question that the contract should answer; the others are wrong in one or two ways."""


@dataclass(frozen=True)
class Refusal:
    """A custom error: its name, and its values by the names that the contract gives them."""

    name: str
    values: dict[str, Any]


Answer = tuple[Any, ...] | Refusal


def another(faults: Sequence[str]) -> st.SearchStrategy[str]:
    """A second fault or none, so that the order in which faults are looked for is seen as well."""
    return st.one_of(st.just(NONE), st.sampled_from(faults))


def refused(name: str, **values: Any) -> Refusal:
    return Refusal(name, values)


def ask(world: World, sender: Signer, function: str, arguments: Sequence[object], value: int = 0) -> Answer:
    """Run a call as the next Ethereum block would, and keep nothing of it."""
    asked = {
        "from": to_checksum_address(sender.address),
        "to": to_checksum_address(world.contract.address),
        "data": "0x" + encode_call(function, arguments).hex(),
        "value": hex(value),
    }
    try:
        result = world.chain.request("eth_call", [asked, "pending"])
    except CallRevertedError as error:
        reason = decode_revert(function, error.data)
        return Refusal(reason.name, reason.values)
    return decode_result(function, bytes.fromhex(str(result).removeprefix("0x")))


def next_time(world: World) -> int:
    """Chain time of the block that `ask` and the next transaction run in; the next block comes a second later."""
    return world.chain.head().timestamp + 1


def twin_of(error: BemaError) -> Refusal:
    """The refusal that an error of the Python package has the name and the values of."""
    return Refusal(
        type(error).__name__.removesuffix("Error"),
        {_camel(name): value for name, value in vars(error).items()},
    )


def root_of(leaf: Digest, index: int, count: int, proof: Sequence[Digest]) -> Digest:
    """The root that a proof leads to, whatever root it should lead to."""
    node = leaf
    for height, sibling in enumerate(proof):
        node = node_hash(sibling, node) if index >> height & 1 else node_hash(node, sibling)
    return root_hash(count, node)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)

"""The tries under a block's header: roots of lists, and the proof that a list holds a value at an index."""

from collections.abc import Sequence
from typing import Any, cast

from trie.exceptions import BadTrieProof, TraversedPartialPath, ValidationError
from trie.hexary import HexaryTrie

from bema_py.chain.rlp_items import RlpError, decode_item, encode_item

FAULTS = (
    BadTrieProof,
    TraversedPartialPath,
    ValidationError,
    RlpError,
    AssertionError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
)
"""What the trie's decoder raises where a proof's nodes are none."""
MAX_PROOF_NODES = 16
"""A list's keys have at most five bytes, so a path has at most eleven nodes."""


def list_root(values: Sequence[bytes]) -> bytes:
    """Give the root of the trie over a list: values by the RLP of their indices."""
    return bytes(_trie(values).root_hash)


def list_proof(values: Sequence[bytes], index: int) -> list[bytes]:
    """Give the nodes from the root to one value, each in RLP."""
    nodes: tuple[Any, ...] = cast(Any, _trie(values)).get_proof(encode_item(index))
    return [encode_item(node) for node in nodes]


def proved_value(root: bytes, index: int, proof: Sequence[bytes]) -> bytes | None:
    """Give the value that these nodes prove to stand at an index under a root; None where they prove nothing."""
    if len(proof) > MAX_PROOF_NODES:
        return None
    try:
        nodes = [decode_item(node, "trie node") for node in proof]
        value = cast(Any, HexaryTrie).get_from_proof(root, encode_item(index), nodes)
    except FAULTS:
        return None
    return bytes(value) or None


def _trie(values: Sequence[bytes]) -> HexaryTrie:
    trie = HexaryTrie({})
    for index, value in enumerate(values):
        trie[encode_item(index)] = value
    return trie

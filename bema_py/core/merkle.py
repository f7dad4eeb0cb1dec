"""The Merkle tree of a block or a batch, and inclusion proofs in it."""

from collections.abc import Sequence

from bema_py.core.checks import U32
from bema_py.core.errors import InputError
from bema_py.core.hashing import sha256d
from bema_py.core.types import Digest

PADDING = Digest(bytes(32))
"""Completes an odd level. Repeating the last node instead would give two trees one root (CVE-2012-2459)."""


class LeafCountError(InputError):
    """A tree without leaves, or with more than its 32-bit count can say."""

    def __init__(self, count: int) -> None:
        """Keep the number of leaves."""
        self.count = count
        self.minimum = 1
        self.maximum = U32
        super().__init__(f"tree has {count} leaves, must have 1 to {U32}")


class IndexOutOfRangeError(InputError):
    """A leaf index is not below the leaf count."""

    def __init__(self, index: int, leaf_count: int) -> None:
        """Keep the index and the number of leaves."""
        self.index = index
        self.leaf_count = leaf_count
        super().__init__(
            f"leaf index is {index}, must be 0 to {leaf_count - 1} in a tree of {leaf_count} leaves"
        )


class ProofDepthError(InputError):
    """A proof has more or fewer siblings than the leaf count requires."""

    def __init__(self, given: int, required: int) -> None:
        """Keep the number of siblings given and required."""
        self.given = given
        self.required = required
        super().__init__(f"proof has {given} siblings, must have {required}")


def node_hash(left: Digest, right: Digest) -> Digest:
    """Give sha256d(0x01 | left | right)."""
    return sha256d(b"\x01" + left + right)


def root_hash(count: int, apex: Digest) -> Digest:
    """Give sha256d(0x02 | count u32 | apex); raises LeafCountError.

    The count in the root makes a padding node unprovable as a leaf.
    """
    if not 1 <= count <= U32:
        raise LeafCountError(count)
    return sha256d(b"\x02" + count.to_bytes(4, "big") + apex)


def proof_depth(count: int) -> int:
    """Give the number of siblings of every proof in a tree of so many leaves: ceil(log2 count)."""
    return (count - 1).bit_length()


def merkle_apex(leaves: Sequence[Digest]) -> Digest:
    """Give the top node of a tree; raises LeafCountError for an empty one."""
    return _levels(leaves)[-1][0]


def merkle_root(leaves: Sequence[Digest]) -> Digest:
    """Give the root over leaves in their order; raises LeafCountError for an empty tree."""
    return root_hash(len(leaves), merkle_apex(leaves))


def merkle_proof(leaves: Sequence[Digest], index: int) -> tuple[Digest, ...]:
    """Give the siblings on the way from a leaf to the apex, lowest level first.

    Raises IndexOutOfRangeError.
    """
    _check_index(index, len(leaves))
    return tuple(level[(index >> height) ^ 1] for height, level in enumerate(_levels(leaves)[:-1]))


def verify_inclusion(root: Digest, leaf: Digest, index: int, count: int, proof: Sequence[Digest]) -> bool:
    """Say whether the leaf stands at the index of the tree of so many leaves under the root.

    Raises IndexOutOfRangeError and ProofDepthError, as the contract does, where the question itself is wrong.
    """
    _check_index(index, count)
    if len(proof) != proof_depth(count):
        raise ProofDepthError(len(proof), proof_depth(count))
    node = leaf
    for height, sibling in enumerate(proof):
        node = node_hash(sibling, node) if index >> height & 1 else node_hash(node, sibling)
    return root_hash(count, node) == root


def _check_index(index: int, count: int) -> None:
    if not 0 <= index < count:
        raise IndexOutOfRangeError(index, count)


def _levels(leaves: Sequence[Digest]) -> list[list[Digest]]:
    """Give every level from the leaves to the apex, odd ones completed with the padding node."""
    if not leaves:
        raise LeafCountError(0)
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        level = levels[-1]
        if len(level) % 2:
            level.append(PADDING)
        levels.append([node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)])
    return levels

"""SHA-256 once and twice."""

from hashlib import sha256 as _sha256

from bema_py.core.types import Digest


def sha256(data: bytes) -> Digest:
    """Give the SHA-256 of the data: what a content identifier holds."""
    return Digest(_sha256(data).digest())


def sha256d(data: bytes) -> Digest:
    """Give SHA256(SHA256(data)): what leaves, nodes, headers and keys of the chain use.

    The second pass stops length extension.
    """
    return Digest(_sha256(_sha256(data).digest()).digest())

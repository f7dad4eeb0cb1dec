"""The search for a header's nonce."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from bema_py.core.checks import U64, U256, check_integer
from bema_py.core.errors import BemaError
from bema_py.core.header import BlockHeader

PROGRESS_INTERVAL = 2**16


class NonceExhaustedError(BemaError):
    """No nonce from the start to 2^64 - 1 brings the header below the target."""

    def __init__(self, start: int, target: int) -> None:
        """Keep the first nonce tried and the target."""
        self.start = start
        self.target = target
        super().__init__(f"no nonce from {start} to {U64} gives a hash below {target}")


def search_nonce(
    header: BlockHeader, target: int, *, start: int = 0, progress: Callable[[int], None] | None = None
) -> BlockHeader:
    """Give the header with the first nonce from start whose hash, read as a number, is below the target.

    The hash state over the 104 bytes before the nonce is computed once. progress(tries) is called every 2^16
    tries and may raise to interrupt. Raises NonceExhaustedError.
    """
    check_integer("target", target, 1, U256)
    check_integer("start", start, 0, U64)
    midstate = sha256(header.encode()[:104])
    # Equal lengths: comparing big-endian bytes is comparing the numbers, without building integers.
    limit = target.to_bytes(32, "big")
    for first in range(start, U64 + 1, PROGRESS_INTERVAL):
        for nonce in range(first, min(first + PROGRESS_INTERVAL, U64 + 1)):
            state = midstate.copy()
            state.update(nonce.to_bytes(8, "big"))
            if sha256(state.digest()).digest() < limit:
                return replace(header, nonce=nonce)
        if progress is not None:
            progress(first + PROGRESS_INTERVAL - start)
    raise NonceExhaustedError(start, target)

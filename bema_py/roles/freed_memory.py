"""Gives freed memory back to the system, so that an audit of hundreds of blocks needs no more than one of a few."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def sparing_what_lasts() -> Iterator[None]:
    """Let `give_back` pass over what is there already: a history's events and the libraries are a million objects."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def give_back() -> None:
    """Free what only refers to itself, and let the allocator return its unused pages where it can.

    Python looks for the former by the number of objects, and few of them hold the arrays of a whole block.
    """
    gc.collect()
    # Of glibc; other C libraries have no such call.
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)

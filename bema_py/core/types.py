"""The identifiers and small vocabularies that every part shares."""

from collections.abc import Iterable
from enum import IntEnum
from typing import NewType

Digest = NewType("Digest", bytes)
"""32 bytes of SHA-256 or double SHA-256."""

SampleId = NewType("SampleId", bytes)
"""32 bytes naming one pair (x, y), whoever owns it."""

BlockHash = NewType("BlockHash", bytes)
"""32 bytes: the double SHA-256 of a 112-byte header."""

ModelDigest = NewType("ModelDigest", bytes)
"""32 bytes: the SHA-256 of a model card."""

Commitment = NewType("Commitment", bytes)
"""32 bytes: the keccak commitment to a batch that is not yet revealed."""

PartyId = NewType("PartyId", int)
"""The number the contract gave to a party, from 1."""

Address = NewType("Address", bytes)
"""20 bytes of an Ethereum account."""

MAX_CLASSES = 256
"""Classes are bytes, and a class mask has 256 bits."""


class PartyType(IntEnum):
    """What a miner is to the contract, as it enters the miner info hash."""

    NEITHER = 0
    REGULAR = 1
    ORIGINAL = 2


def hex0x(data: bytes) -> str:
    """Give the lower-case hexadecimal form with its 0x, as the contract's tools print it."""
    return "0x" + data.hex()


def unhex(text: str) -> bytes:
    """Read hexadecimal text with or without its 0x; raises ValueError, and AttributeError for what is no text."""
    return bytes.fromhex(text.removeprefix("0x"))


def mask_of(classes: Iterable[int]) -> int:
    """Give the mask with bit y set for every class y.

    Raises ValueError for a class outside 0..255, which no mask can hold.
    """
    mask = 0
    for label in classes:
        if not 0 <= label < MAX_CLASSES:
            raise ValueError(f"class {label} is outside 0..{MAX_CLASSES - 1}")
        mask |= 1 << label
    return mask


def classes_of(mask: int) -> tuple[int, ...]:
    """Give the classes of a mask in ascending order."""
    return tuple(label for label in range(mask.bit_length()) if mask >> label & 1)

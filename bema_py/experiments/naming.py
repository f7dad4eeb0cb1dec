"""File names that change with everything a file depends on."""

import json
from hashlib import sha256


def name_of(plain: object) -> str:
    """Give the first 128 bits, in hexadecimal, of the SHA-256 of a plain value's JSON."""
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:32]

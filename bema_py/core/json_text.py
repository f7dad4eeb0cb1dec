"""JSON that strangers wrote, refused where it nests too deep for the decoder's stack."""

import json
from typing import Any

MAX_BRACKETS = 2000
"""Lists and objects in one text; what is read here has a few hundred at most."""


def read_json(data: bytes) -> Any:
    """Decode a JSON text. Raises ValueError for anything else and for more than MAX_BRACKETS lists and objects."""
    # Counted beforehand: a library may have raised the recursion limit beyond what the decoder's C stack bears.
    if data.count(b"[") + data.count(b"{") > MAX_BRACKETS:
        raise ValueError(f"more than {MAX_BRACKETS} lists and objects")
    return json.loads(data)

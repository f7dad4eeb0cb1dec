import subprocess
import sys

import pytest
from multiformats import CID

from bema_py.core.cid import cid_from_bytes, cid_text, node_cid, object_cid, parse_cid, raw_cid
from bema_py.core.errors import InputError
from bema_py.core.hashing import sha256

DIGEST = sha256(b"any content")
COLLECTS = """
import gc
from bema_py.core.cid import raw_cid
from bema_py.core.hashing import sha256
gc.disable()
gc.collect()
kept = [raw_cid(sha256(bytes([number]))) for number in range(50)]
print(gc.collect())
"""
BUILT = {"raw": raw_cid, "dag-pb": node_cid, "dag-cbor": object_cid}


@pytest.mark.parametrize("codec", BUILT)
def test_an_identifier_is_the_one_that_the_library_builds_and_checks(codec):
    # The library keeps one object for each identifier, so nothing about them can differ.
    public = CID("base32", 1, codec, ("sha2-256", DIGEST))
    assert BUILT[codec](DIGEST) is public
    assert cid_from_bytes(bytes(public)) is public
    assert parse_cid(str(public)) is public
    assert cid_text(public) == str(public)


@pytest.mark.parametrize("digest", [b"", DIGEST[:31], DIGEST + b"\0"])
def test_a_digest_of_another_length_is_refused(digest):
    with pytest.raises(InputError, match="digest"):
        raw_cid(digest)


def test_building_one_leaves_no_cycles_behind():
    # In a process of its own: what earlier tests left behind is collected at moments that nobody chooses.
    collected = subprocess.run(
        [sys.executable, "-c", COLLECTS], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert int(collected) == 0

"""Which samples are drawn for replay and rehearsal, and where a shift moves an image."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bema_py.core.hashing import sha256d
from bema_py.core.leaves import recall_key
from bema_py.learning.lessons import shifted
from bema_py.learning.recall import drawn

PARENT = bytes(range(32))
SAMPLES = st.dictionaries(st.binary(min_size=32, max_size=32), st.integers(0, 3), max_size=20)


@given(SAMPLES, st.integers(0, 25))
def test_the_draw_takes_the_lowest_keys_of_every_class_in_turns(classes, limit):
    waiting = {label: [] for label in range(4)}
    for name in sorted(classes, key=lambda name: sha256d(b"\x05" + PARENT + name)):
        waiting[classes[name]].append(name)
    expected = []
    while any(waiting.values()):
        turn = [rows.pop(0) for rows in waiting.values() if rows]
        expected += sorted(turn, key=lambda name: recall_key(PARENT, name))
    assert drawn(classes, PARENT, limit) == tuple(expected[:limit])


def test_another_parent_draws_others():
    classes = {bytes([k]) * 32: k % 2 for k in range(40)}
    assert set(drawn(classes, PARENT, 10)) != set(drawn(classes, bytes(32), 10))


def test_images_move_by_the_last_two_bytes_of_their_key():
    """Residues 4 and 1 of 5 are two pixels right and one up."""
    image = np.arange(1, 13, dtype=np.uint8).reshape(1, 1, 3, 4)
    key = bytes(30) + bytes([5 * 7 + 4, 5 * 9 + 1])
    assert shifted(image, [key], 2)[0, 0].tolist() == [[0, 0, 5, 6], [0, 0, 9, 10], [0, 0, 0, 0]]
    assert shifted(image, [key], 0) is image
    far = bytes(30) + bytes([9 * 3 + 8, 9 * 3 + 4])
    assert not shifted(image, [far], 4).any()

"""Content archives: what is written is read, and whatever else is refused before it costs memory."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bema_py.core.cid import object_cid, raw_cid
from bema_py.core.errors import MalformedError
from bema_py.core.hashing import sha256
from bema_py.storage.car import CarError, read_header, read_sections, varint, write_header, write_section
from bema_py.storage.car_store import CarStore, ReadOnlyStoreError
from bema_py.storage.content_store import ContentMismatchError, ContentMissingError, ContentTooLargeError

ROOT = object_cid(sha256(b"root"))
BLOCKS = st.lists(st.binary(max_size=300), max_size=6)
QUICK = settings(max_examples=60, deadline=None)


def archive(blocks: list[bytes]) -> bytes:
    file = BytesIO()
    write_header(file, [ROOT])
    for data in blocks:
        write_section(file, raw_cid(sha256(data)), data)
    return file.getvalue()


def read(data: bytes) -> list[bytes]:
    file = BytesIO(data)
    assert read_header(file) == (ROOT,)
    return [section.data for section in read_sections(file)]


@QUICK
@given(BLOCKS)
def test_what_is_written_is_read(blocks):
    assert read(archive(blocks)) == blocks


def test_the_bytes_of_an_archive_are_those_of_the_format():
    # {"roots": [link], "version": 1} in canonical DAG-CBOR, then one section.
    header = bytes.fromhex("a265726f6f747381d82a582500") + bytes(ROOT) + bytes.fromhex("6776657273696f6e01")
    section = bytes([36 + 3]) + bytes(raw_cid(sha256(b"abc"))) + b"abc"
    assert archive([b"abc"]) == bytes([len(header)]) + header + section


@QUICK
@given(BLOCKS, st.data())
def test_a_damaged_archive_is_read_or_refused(blocks, data):
    whole = archive([*blocks, b"last"])
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    for damaged in (whole[:place], flipped, whole + b"\x05tail"):
        file = BytesIO(damaged)
        try:
            read_header(file)
            list(read_sections(file))
        except MalformedError:
            continue


@QUICK
@given(st.binary(max_size=400))
def test_bytes_that_are_no_archive_are_refused(data):
    with pytest.raises(MalformedError):
        file = BytesIO(data)
        read_header(file)
        list(read_sections(file))
        raise CarError(0, "random bytes are no header")


@pytest.mark.parametrize("size", [35, 36 + 2**26 + 1, 2**62])
def test_sizes_are_refused_before_anything_is_read(size):
    with pytest.raises(CarError, match=f"a section of {size} bytes"):
        read(archive([]) + varint(size))


def test_a_length_has_one_form():
    with pytest.raises(CarError, match="more bytes than it needs"):
        read(archive([]) + b"\xa4\x00")
    with pytest.raises(CarError, match="too long"):
        read(archive([]) + b"\xff" * 12)


def test_a_store_over_an_archive_reads_verified_and_never_writes(tmp_path):
    path = tmp_path / "content.car"
    path.write_bytes(archive([b"one", b"two"]))
    with path.open("rb") as file:
        read_header(file)
        index = {bytes(each.cid): (each.position, len(each.data)) for each in read_sections(file)}
    store = CarStore(path, index)
    one, two = (raw_cid(sha256(data)) for data in (b"one", b"two"))
    assert (store.get_block(one), store.has_block(two)) == (b"one", True)
    assert set(store.blocks()) == {one, two}
    with pytest.raises(ContentMissingError):
        store.get_block(ROOT)
    with pytest.raises(ContentTooLargeError):
        store.get_block(one, max_size=2)
    with pytest.raises(ReadOnlyStoreError):
        store.put_block(ROOT, b"root")
    with pytest.raises(ContentMismatchError):
        CarStore(path, {bytes(one): index[bytes(two)]}).get_block(one)

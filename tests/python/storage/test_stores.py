"""What every content store promises."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bema_py.core.cid import cid_text, object_cid, raw_cid
from bema_py.core.encoding import digest, encode
from bema_py.core.hashing import sha256
from bema_py.core.unixfs import CHUNK, FileShapeError, import_file
from bema_py.storage.content_store import (
    ContentMismatchError,
    ContentMissingError,
    ContentStore,
    ContentTooLargeError,
)
from bema_py.storage.directory_store import DirectoryStore
from bema_py.storage.memory_store import MemoryStore


@pytest.fixture(params=["memory", "directory"])
def store(request, tmp_path) -> ContentStore:
    return MemoryStore() if request.param == "memory" else DirectoryStore(tmp_path / "content")


def test_objects_come_back(store):
    data = encode({"a": [1, 2]})
    assert not store.has_object(digest(data))
    assert store.put_object(data) == store.put_object(data) == digest(data)
    assert store.has_object(digest(data))
    assert store.get_object(digest(data)) == data
    assert list(store.blocks()) == [object_cid(digest(data))]


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_files_come_back(store, size):
    data = bytes(i % 251 for i in range(1000)) * (size // 1000 + 1)
    cid = store.put_file(data[:size])
    assert cid == import_file(data[:size])[0]
    assert store.get_file(cid) == data[:size]
    assert store.get_file(cid, max_size=size) == data[:size]
    if size:
        with pytest.raises(ContentTooLargeError) as caught:
            store.get_file(cid, max_size=size - 1)
        assert (caught.value.size, caught.value.limit) == (size, size - 1)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(contents=st.sets(st.binary(max_size=50), max_size=6))
def test_blocks_are_listed_in_order(store, contents):
    before = set(store.blocks())
    for data in contents:
        store.put_block(raw_cid(sha256(data)), data)
    listed = list(store.blocks())
    assert set(listed) == before | {raw_cid(sha256(data)) for data in contents}
    assert [cid_text(cid) for cid in listed] == sorted(cid_text(cid) for cid in listed)


def test_missing_content_is_named(store):
    cid = raw_cid(sha256(b"nobody has this"))
    with pytest.raises(ContentMissingError, match=cid_text(cid)) as caught:
        store.get_block(cid)
    assert (caught.value.cid, caught.value.exit_code) == (cid, 5)
    with pytest.raises(ContentMissingError):
        store.get_file(cid)
    with pytest.raises(ContentMissingError):
        store.get_object(sha256(b"nobody has this"))
    assert not store.has_block(cid)


def test_a_missing_part_of_a_file_is_named(store):
    root, blocks = import_file(bytes(CHUNK) + b"end")
    for cid, data in blocks[1:]:
        store.put_block(cid, data)
    with pytest.raises(ContentMissingError) as caught:
        store.get_file(root)
    assert caught.value.cid == blocks[0][0]


def test_data_under_a_foreign_name_is_refused_and_kept_for_diagnosis(store):
    cid = raw_cid(sha256(b"one"))
    with pytest.raises(ContentMismatchError, match=cid_text(cid)) as caught:
        store.put_block(cid, b"two")
    assert (caught.value.cid, caught.value.data, caught.value.exit_code) == (cid, b"two", 6)
    assert not store.has_block(cid)


def test_objects_above_the_limit_are_refused(store):
    data = encode(bytes(100))
    name = store.put_object(data)
    assert store.get_object(name, max_size=len(data)) == data
    with pytest.raises(ContentTooLargeError) as caught:
        store.get_object(name, max_size=len(data) - 1)
    assert (caught.value.cid, caught.value.size, caught.value.limit) == (object_cid(name), 102, 101)


def test_a_raw_block_above_one_chunk_is_no_file(store):
    data = bytes(CHUNK + 1)
    store.put_block(raw_cid(sha256(data)), data)
    with pytest.raises(ContentTooLargeError):
        store.get_file(raw_cid(sha256(data)))


def test_an_object_is_no_file(store):
    name = store.put_object(encode({}))
    with pytest.raises(FileShapeError):
        store.get_file(object_cid(name))

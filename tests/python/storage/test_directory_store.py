"""The directory store on a hostile file system: crashes, rivals, full disks and strange files."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bema_py.core.cid import cid_text, object_cid, raw_cid
from bema_py.core.encoding import encode
from bema_py.core.hashing import sha256
from bema_py.storage.content_store import ContentMismatchError, ContentMissingError, ContentTooLargeError
from bema_py.storage.directory_store import DirectoryStore, NotABlockError, StoreFaultError

DATA = encode({"some": "content"})
NAME = sha256(DATA)
CID = object_cid(NAME)


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path / "content")


def everything(path):
    return sorted(found for found in path.rglob("*") if not found.is_dir())


def test_a_block_is_one_file_named_by_its_identifier(store):
    store.put_object(DATA)
    text = cid_text(CID)
    path = store.path / text[-3:-1] / text[-5:-3] / text
    assert everything(store.path) == [path] == [store.path_of(CID)]
    assert path.read_bytes() == DATA
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_store_that_does_not_exist_is_empty_and_stays_uncreated(store):
    assert list(store.blocks()) == []
    with pytest.raises(ContentMissingError):
        store.get_object(NAME)
    assert not store.path.exists()


def test_another_process_sees_the_content(store):
    store.put_object(DATA)
    assert DirectoryStore(store.path).get_object(NAME) == DATA


@pytest.mark.parametrize("bit", range(0, 8 * len(DATA), 7))
def test_every_flipped_bit_is_found_and_healed_by_storing_again(store, bit):
    store.put_object(DATA)
    changed = bytearray(DATA)
    changed[bit // 8] ^= 1 << bit % 8
    store.path_of(CID).write_bytes(changed)
    with pytest.raises(ContentMismatchError) as caught:
        store.get_object(NAME)
    assert (caught.value.cid, caught.value.data) == (CID, changed)
    store.put_object(DATA)
    assert store.get_object(NAME) == DATA


@pytest.mark.parametrize("content", [b"", DATA[:-1], DATA + b"\0"])
def test_files_cut_or_grown_are_found_and_healed(store, content):
    store.put_object(DATA)
    store.path_of(CID).write_bytes(content)
    with pytest.raises(ContentMismatchError):
        store.get_object(NAME)
    store.put_object(DATA)
    assert store.get_object(NAME) == DATA


def test_the_size_is_checked_before_a_byte_is_read(store, monkeypatch):
    store.put_object(DATA)
    os.truncate(store.path_of(CID), 2**40)  # sparse: no disk is used

    def no_read(*_):
        raise AssertionError("read before the size was checked")

    monkeypatch.setattr(os, "read", no_read)
    with pytest.raises(ContentTooLargeError) as caught:
        store.get_object(NAME)
    assert caught.value.size == 2**40


def test_strange_things_in_place_of_a_block_are_named(store, tmp_path):
    path = store.path_of(CID)
    outside = tmp_path / "outside"
    outside.write_bytes(DATA)
    makers = {
        "directory": path.mkdir,
        "link to the very content": lambda: path.symlink_to(outside),
        "link to nothing": lambda: path.symlink_to("nothing"),
        "link to itself": lambda: path.symlink_to(path),
        "pipe": lambda: os.mkfifo(path),
    }
    path.parent.mkdir(parents=True)
    for make in makers.values():
        make()
        for attempt in (store.get_object, lambda _: store.put_object(DATA)):
            with pytest.raises(NotABlockError, match="is not a regular file") as caught:
                attempt(NAME)
            assert (caught.value.cid, caught.value.path) == (CID, path)
        assert not store.has_object(NAME)
        assert list(store.blocks()) == []
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    assert outside.read_bytes() == DATA


def test_strangers_files_are_not_content(store):
    store.put_object(DATA)
    for name in ("bak", f"{cid_text(CID)}~", "b" * 59):
        (store.path_of(CID).parent / name).write_bytes(b"x")
    assert list(store.blocks()) == [CID]


def test_a_file_in_place_of_the_store_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(StoreFaultError, match="it is not a directory") as caught:
        DirectoryStore(path)
    assert (caught.value.path, caught.value.exit_code) == (path, 2)


def test_a_store_behind_a_closed_door_is_named(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(StoreFaultError, match=r"cannot open the store .*: Permission denied"):
        DirectoryStore(tmp_path / "content")


def test_a_file_in_place_of_a_directory_is_named(store):
    store.path.mkdir()
    store.path_of(CID).parent.parent.write_bytes(b"")
    for attempt in (store.get_object, lambda _: store.put_object(DATA)):
        with pytest.raises(StoreFaultError, match="Not a directory") as caught:
            attempt(NAME)
        assert caught.value.path == store.path_of(CID)


@pytest.mark.parametrize("call", ["write", "fsync", "fchmod"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_full_disk_leaves_nothing_and_says_so(store, monkeypatch, call, number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    store.put_object(encode("before"))
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StoreFaultError, match=os.strerror(number)) as caught:
        store.put_object(DATA)
    monkeypatch.undo()
    assert caught.value.action == "write"
    assert len(everything(store.path)) == 1
    store.put_object(DATA)
    assert store.get_object(NAME) == DATA


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_permission_is_named(store):
    store.path.mkdir(mode=0o500)
    with pytest.raises(StoreFaultError, match="Permission denied"):
        store.put_object(DATA)


def test_missing_permission_is_named_for_root_too(store, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreFaultError, match=r"cannot write .*Permission denied"):
        store.put_object(DATA)


def test_an_unreadable_block_is_named(store, monkeypatch):
    store.put_object(DATA)

    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "read", refuse)
    with pytest.raises(StoreFaultError, match=r"cannot read .*Input/output error"):
        store.get_object(NAME)


DIES_BEFORE_RENAME = """
import os, sys
from pathlib import Path
from bema_py.storage.directory_store import DirectoryStore
Path.replace = lambda *_: os.kill(os.getpid(), 9)
DirectoryStore(Path(sys.argv[1])).put_object(bytes.fromhex(sys.argv[2]))
"""


def test_a_crash_between_write_and_rename_leaves_no_block_and_is_cleaned_up(store):
    command = [sys.executable, "-c", DIES_BEFORE_RENAME, str(store.path), DATA.hex()]
    for _ in range(2):
        assert subprocess.run(command, timeout=60, check=False).returncode == -signal.SIGKILL
    (leftover,) = everything(store.path)  # the second writer removed what the first left
    assert leftover.read_bytes() == DATA
    assert not store.has_object(NAME)
    assert list(store.blocks()) == []
    again = DirectoryStore(store.path)
    assert everything(store.path) == []
    again.put_object(DATA)
    assert again.get_object(NAME) == DATA


def test_a_living_writer_keeps_its_unfinished_file(store):
    store.put_object(DATA)
    unfinished = store.path / "unfinished" / "of another writer"
    with unfinished.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        DirectoryStore(store.path)
        assert unfinished.exists()
    DirectoryStore(store.path)
    assert not unfinished.exists()


def test_a_writer_whose_file_was_cleaned_away_before_its_lock_writes_again(store, monkeypatch):
    lock = fcntl.flock
    calls = []

    def lose_the_first(descriptor, operation):
        calls.append(operation)
        if len(calls) == 1:
            (unfinished,) = everything(store.path)
            unfinished.unlink()
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", lose_the_first)
    store.put_object(DATA)
    assert len(calls) == 2
    assert store.get_object(NAME) == DATA


WRITES_MANY = """
import sys
from pathlib import Path
from bema_py.storage.directory_store import DirectoryStore
for turn in range(10):
    store = DirectoryStore(Path(sys.argv[1]))
    for i in range(10):
        store.put_file(b"content %d" % i * 1000)
"""


def test_many_writers_of_the_same_content_agree(store):
    command = [sys.executable, "-c", WRITES_MANY, str(store.path)]
    writers = [subprocess.Popen(command) for _ in range(3)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    expected = {raw_cid(sha256(b"content %d" % i * 1000)) for i in range(10)}
    assert set(store.blocks()) == expected
    assert all(store.get_file(cid) for cid in expected)
    assert len(everything(store.path)) == 10


def test_threads_share_a_store(store):
    faults = []

    def write():
        try:
            for i in range(20):
                assert store.get_object(store.put_object(encode(i))) == encode(i)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert len(list(store.blocks())) == 20

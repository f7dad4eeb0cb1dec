"""The store over IPFS nodes, against servers on loopback that are honest or bad in every way."""

import logging
import os
import pickle
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from threading import Thread

import pytest
from fake_ipfs import FakeNode, fake_node

from bema_py.core.cid import cid_text, object_cid, raw_cid
from bema_py.core.encoding import encode
from bema_py.core.hashing import sha256
from bema_py.core.unixfs import CHUNK, import_file
from bema_py.storage.content_store import (
    MAX_OBJECT_SIZE,
    ContentMissingError,
    ContentTooLargeError,
)
from bema_py.storage.directory_store import DirectoryStore
from bema_py.storage.ipfs_node import (
    IpfsNode,
    NodeAbsentError,
    NodeAddressError,
    NodeFaultError,
    NodeLiesError,
    NodeUnreachableError,
)
from bema_py.storage.ipfs_store import (
    ContentNotKeptError,
    ContentUnavailableError,
    IpfsStore,
    NodeTwiceError,
    QuorumRangeError,
    Retries,
)

DATA = bytes(range(200))
CID_OF_DATA = raw_cid(sha256(DATA))


@pytest.fixture
def nodes() -> Iterator[tuple[FakeNode, FakeNode]]:
    with ExitStack() as stack:
        yield stack.enter_context(fake_node()), stack.enter_context(fake_node())


def client(server: FakeNode, *, idle: float = 20.0, timeout: float = 40.0) -> IpfsNode:
    return IpfsNode(server.address, idle, timeout, 5)


def store_over(tmp_path: Path, *servers: FakeNode, pauses: list[float] | None = None, **options) -> IpfsStore:
    """A store with an empty cache whose pauses take no time."""
    cache = DirectoryStore(tmp_path / f"cache{len(list(tmp_path.iterdir()))}")
    retries = Retries(3, 0.5, (pauses if pauses is not None else []).append)
    return IpfsStore([client(each) for each in servers], cache, retries=retries, **options)


def holding(server: FakeNode, data: bytes = DATA) -> None:
    server.held[cid_text(raw_cid(sha256(data)))] = data


def test_what_is_stored_is_pinned_on_all_nodes_and_cached(tmp_path, nodes):
    store = store_over(tmp_path, *nodes)
    digest = store.put_object(encode({"a": 1}))
    root = store.put_file(bytes(2 * CHUNK) + b"end")
    expected = {
        cid_text(cid)
        for cid in [object_cid(digest), *(c for c, _ in import_file(bytes(2 * CHUNK) + b"end")[1])]
    }
    for node in nodes:
        assert set(node.held) == node.pinned == expected
    assert {cid_text(cid) for cid in store.cache.blocks()} == expected
    assert {cid_text(cid) for cid in store.blocks()} == expected
    fresh = store_over(tmp_path, nodes[1])
    assert fresh.get_file(root) == bytes(2 * CHUNK) + b"end"
    assert fresh.get_object(digest) == encode({"a": 1})


def test_a_cached_block_is_not_asked_for_again_and_a_damaged_one_is(tmp_path, nodes):
    holding(nodes[0])
    store = store_over(tmp_path, nodes[0])
    assert store.get_block(CID_OF_DATA) == store.get_block(CID_OF_DATA) == DATA
    assert nodes[0].calls.count("block/get") == 1
    path = store.cache.path_of(CID_OF_DATA)
    path.write_bytes(b"damaged")
    assert store.get_block(CID_OF_DATA) == DATA
    assert path.read_bytes() == DATA


LIES = ("wrong", "short", "packed", "endless")
FAILURES = ("truncated", "failing", "plain_failure", "hanging_up", "elsewhere")


@pytest.mark.parametrize("mode", LIES)
def test_bytes_that_the_identifier_does_not_name_are_a_lie(nodes, mode):
    holding(nodes[0])
    nodes[0].mode = mode
    with pytest.raises(NodeLiesError, match=nodes[0].address):
        client(nodes[0]).get(CID_OF_DATA, search=False)


@pytest.mark.parametrize("mode", FAILURES)
def test_a_node_that_fails_is_named_with_its_reason(nodes, mode):
    holding(nodes[0])
    nodes[0].mode = mode
    with pytest.raises(NodeUnreachableError, match=nodes[0].address) as caught:
        client(nodes[0]).get(CID_OF_DATA, search=False)
    assert caught.value.reason


@pytest.mark.parametrize("mode", [*LIES, *FAILURES])
def test_the_next_node_is_asked(tmp_path, nodes, mode, caplog):
    for node in nodes:
        holding(node)
    nodes[0].mode = mode
    store = store_over(tmp_path, *nodes)
    with caplog.at_level(logging.WARNING):
        assert store.get_block(CID_OF_DATA) == DATA
    assert nodes[0].address in caplog.text
    # From now on the honest one is asked first.
    holding(nodes[1], b"other")
    asked = nodes[0].calls.count("block/get")
    assert store.get_block(raw_cid(sha256(b"other"))) == b"other"
    assert nodes[0].calls.count("block/get") == asked


@pytest.mark.parametrize("mode", ["dripping", "dripping_head"])
def test_a_node_that_drips_is_cut_off_at_the_deadline(nodes, mode, monkeypatch):
    monkeypatch.setattr("bema_py.storage.ipfs_node.LOCAL_SECONDS", 0)
    holding(nodes[0])
    nodes[0].mode = mode
    node = client(nodes[0], idle=20.0, timeout=0.5)
    with pytest.raises(NodeUnreachableError, match=r"was not done in 0\.5 seconds"):
        node.get(CID_OF_DATA, search=False)


def test_a_silent_node_is_given_up(nodes, monkeypatch):
    monkeypatch.setattr("bema_py.storage.ipfs_node.LOCAL_SECONDS", 0)
    holding(nodes[0])
    nodes[0].mode = "silent"
    node = client(nodes[0], idle=0.5)
    with pytest.raises(NodeUnreachableError, match=r"sent nothing for 0\.5 seconds"):
        node.get(CID_OF_DATA, search=False)


def test_content_that_no_node_has_names_them_all(tmp_path, nodes):
    nodes[1].mode = "wrong"
    holding(nodes[1])
    store = store_over(tmp_path, *nodes)
    with pytest.raises(ContentUnavailableError) as caught:
        store.get_block(CID_OF_DATA)
    error = caught.value
    assert isinstance(error, ContentMissingError)
    assert error.exit_code == 5
    assert [type(fault) for fault in error.faults] == [NodeAbsentError, NodeLiesError]
    assert all(node.address in str(error) for node in nodes)
    # The liar once; the other also with a search.
    assert [node.calls.count("block/get") for node in nodes] == [2, 1]
    assert not store.has_block(raw_cid(sha256(b"nowhere")))
    assert store.has_block(CID_OF_DATA)


def test_a_node_that_is_down_is_named(tmp_path, nodes):
    down = IpfsNode("/ip4/127.0.0.1/tcp/9", 2.0, 4.0, 1)
    holding(nodes[0])
    cache = DirectoryStore(tmp_path / "cache")
    assert IpfsStore([down, client(nodes[0])], cache).get_block(CID_OF_DATA) == DATA
    pauses: list[float] = []
    alone = IpfsStore([down], DirectoryStore(tmp_path / "other"), retries=Retries(4, 0.5, pauses.append))
    with pytest.raises(ContentUnavailableError, match="refused"):
        alone.get_block(CID_OF_DATA)
    assert pauses == [0.5, 1.0, 2.0]
    assert not alone.has_block(CID_OF_DATA)


def test_a_node_that_recovers_is_asked_again(tmp_path, nodes):
    holding(nodes[0])
    nodes[0].failures_left = 2
    pauses: list[float] = []
    assert store_over(tmp_path, nodes[0], pauses=pauses).get_block(CID_OF_DATA) == DATA
    assert pauses == [0.5, 1.0]
    nodes[0].failures_left = 1
    store_over(tmp_path, nodes[0]).put_block(raw_cid(sha256(b"new")), b"new")
    assert cid_text(raw_cid(sha256(b"new"))) in nodes[0].pinned


def test_a_content_is_too_large_only_where_its_bytes_prove_it(tmp_path, nodes):
    """A node must not void a batch by padding it."""
    for node in nodes:
        holding(node)
    with pytest.raises(ContentTooLargeError) as caught:
        store_over(tmp_path, nodes[0]).get_block(CID_OF_DATA, max_size=len(DATA) - 1)
    assert (caught.value.size, caught.value.limit) == (len(DATA), len(DATA) - 1)
    nodes[0].held[cid_text(CID_OF_DATA)] = DATA + bytes(CHUNK)
    assert store_over(tmp_path, *nodes).get_block(CID_OF_DATA, max_size=len(DATA)) == DATA


def test_an_answer_ends_at_the_largest_object(nodes):
    holding(nodes[0])
    nodes[0].mode = "endless"
    with pytest.raises(NodeLiesError, match=f"more than {MAX_OBJECT_SIZE} bytes"):
        client(nodes[0]).get(CID_OF_DATA, search=False)


@pytest.mark.parametrize("mode", ["refuse", "rename"])
def test_a_write_needs_its_quorum(tmp_path, nodes, mode, caplog):
    nodes[0].write_mode = mode
    store = store_over(tmp_path, *nodes)
    with pytest.raises(ContentNotKeptError, match=nodes[0].address) as caught:
        store.put_block(CID_OF_DATA, DATA)
    assert (caught.value.kept, caught.value.wanted, caught.value.exit_code) == (1, 2, 5)
    assert not store.cache.has_block(CID_OF_DATA)
    one = store_over(tmp_path, *nodes, quorum=1)
    with caplog.at_level(logging.WARNING):
        one.put_block(CID_OF_DATA, DATA)
    assert "is not kept by every node" in caplog.text
    assert one.get_block(CID_OF_DATA) == DATA


def test_pins_are_read_in_any_base_and_foreign_ones_passed_over(nodes):
    foreign = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKjXeu", "z" * 4000, "z!", "b", ""
    nodes[0].pinned |= {CID_OF_DATA.encode("base58btc"), *foreign}
    assert client(nodes[0]).pins() == {CID_OF_DATA}


def test_what_is_pinned_already_is_pinned(nodes):
    node = client(nodes[0])
    node.put(CID_OF_DATA, DATA)
    nodes[0].write_mode = "recursive"
    node.pin(CID_OF_DATA)
    node.unpin(CID_OF_DATA)
    assert node.pins() == frozenset()
    with pytest.raises(NodeFaultError, match="not pinned"):
        node.unpin(CID_OF_DATA)
    with pytest.raises(NodeAbsentError):
        node.pin(raw_cid(sha256(b"nowhere")))


def test_pinning_heals_a_node_that_lost_a_block(tmp_path, nodes):
    store = store_over(tmp_path, *nodes)
    store.put_block(CID_OF_DATA, DATA)
    nodes[1].held.clear()
    nodes[1].pinned.clear()
    store.pin(CID_OF_DATA)
    assert nodes[1].held[cid_text(CID_OF_DATA)] == DATA
    assert nodes[1].pinned == {cid_text(CID_OF_DATA)}


@pytest.mark.parametrize(
    "address", ["", "http://127.0.0.1:5001", "/ip4/127.0.0.1", "/ip4/1.2.3/tcp/5", "/tcp/5001"]
)
def test_addresses_are_checked(address):
    with pytest.raises(NodeAddressError):
        IpfsNode(address)


def test_nodes_and_quorum_must_fit(tmp_path, nodes):
    cache = DirectoryStore(tmp_path)
    with pytest.raises(QuorumRangeError):
        IpfsStore([], cache)
    with pytest.raises(QuorumRangeError, match="quorum is 3, with 2 nodes"):
        IpfsStore([client(each) for each in nodes], cache, quorum=3)
    with pytest.raises(NodeTwiceError):
        IpfsStore([client(nodes[0]), client(nodes[0])], cache)


def test_answers_that_are_no_ipfs_node_s(nodes, monkeypatch):
    for answer in ([1], {}, "text", {"Key": 3}):
        monkeypatch.setattr(
            "fake_ipfs._Handler._block_put", lambda self, body, answer=answer: self._json(answer)
        )
        with pytest.raises(NodeLiesError):
            client(nodes[0]).put(CID_OF_DATA, DATA)
    for answer in (b"[" * 60_000, b'{"Keys": {}}\n{"Keys": {}}', b"", b"\xff\xfe"):
        monkeypatch.setattr(
            "fake_ipfs._Handler._pin_ls", lambda self, body, answer=answer: self._send(answer)
        )
        with pytest.raises(NodeFaultError, match=nodes[0].address):
            client(nodes[0]).pins()


def _write_some(store: IpfsStore, first: int) -> None:
    for number in range(first, first + 4):
        data = b"block %d" % number
        store.put_block(raw_cid(sha256(data)), data)
        assert store.get_block(raw_cid(sha256(data))) == data


def test_threads_and_processes_share_nodes_and_cache(tmp_path, nodes):
    cache = DirectoryStore(tmp_path / "cache")
    store = IpfsStore([client(each) for each in nodes], cache)
    context = get_context("spawn")
    # The same blocks from two processes, and others from threads of this one.
    workers = [context.Process(target=_write_some, args=(store, 0)) for _ in range(2)]
    threads = [Thread(target=_write_some, args=(store, first)) for first in (2, 4)]
    for worker in [*workers, *threads]:
        worker.start()
    for worker in [*workers, *threads]:
        worker.join(300)
    assert [worker.exitcode for worker in workers] == [0, 0]
    expected = {cid_text(raw_cid(sha256(b"block %d" % number))) for number in range(8)}
    assert set(nodes[0].pinned) == set(nodes[1].pinned) == expected
    assert {cid_text(cid) for cid in cache.blocks()} == expected


def test_a_store_travels_between_processes(tmp_path, nodes):
    holding(nodes[0])
    copy = pickle.loads(pickle.dumps(store_over(tmp_path, nodes[0], pauses=None)))
    assert copy.get_block(CID_OF_DATA) == DATA


def test_the_environment_s_proxy_is_not_asked(nodes, monkeypatch):
    monkeypatch.setitem(os.environ, "HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setitem(os.environ, "http_proxy", "http://127.0.0.1:9")
    holding(nodes[0])
    assert client(nodes[0]).get(CID_OF_DATA, search=False) == DATA

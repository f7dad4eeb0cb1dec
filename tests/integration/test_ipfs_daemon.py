"""The store against a real IPFS daemon: the same identifiers both ways, pins, kill -9, a whole network over it."""

import io
import json
import random
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread

import pytest
from chain_scenarios import ANVIL, anvil, has_anvil
from fake_ipfs import fake_node
from ipfs_daemon import DAEMON, IpfsDaemon, has_daemon, ipfs_daemon, put_many
from ipfshttpclient import Client
from test_command_line import Bema, Site, bema, founded, joined  # noqa: F401

from bema_py.core.cid import cid_text, object_cid, raw_cid
from bema_py.core.encoding import encode
from bema_py.core.hashing import sha256
from bema_py.core.unixfs import CHUNK, import_file
from bema_py.storage.car import read_header, read_sections, write_header, write_section
from bema_py.storage.directory_store import DirectoryStore
from bema_py.storage.ipfs_node import IpfsNode, NodeAbsentError
from bema_py.storage.ipfs_store import ContentNotKeptError, ContentUnavailableError, IpfsStore, Retries

pytestmark = [
    pytest.mark.ipfs,
    pytest.mark.skipif(not has_daemon(), reason=f"no IPFS daemon at {DAEMON}: run `make ipfs`"),
]

SIZES = (0, 1, 1000, CHUNK, CHUNK + 1, 3 * CHUNK + 5)
PROFILE = {"cid-version": "1", "raw-leaves": "true", "chunker": f"size-{CHUNK}", "cid-base": "base32"}
"""What makes `ipfs add` of js-ipfs give the identifiers of unixfs-v1-2025, up to 174 chunks."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpfsDaemon]:
    with ipfs_daemon(tmp_path_factory.mktemp("ipfs")) as running:
        yield running


def asked(daemon: IpfsDaemon) -> Client:
    """The daemon's own commands."""
    return Client(daemon.address, timeout=120)


def node_of(daemon: IpfsDaemon) -> IpfsNode:
    return IpfsNode(daemon.address, idle_timeout=60.0, timeout=120.0, search_seconds=2)


def store_over(cache: Path, *nodes: IpfsNode, attempts: int = 2) -> IpfsStore:
    return IpfsStore(nodes, DirectoryStore(cache), retries=Retries(attempts, 0.1))


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(f"{size} {seed}").randbytes(size)


@pytest.mark.parametrize("size", SIZES)
def test_the_daemon_returns_what_the_project_stores(daemon, tmp_path, size):
    data = noise(size)
    cid = store_over(tmp_path / "cache", node_of(daemon)).put_file(data)
    assert asked(daemon).cat(cid_text(cid)) == data
    asked(daemon).get(cid_text(cid), target=str(tmp_path))
    assert (tmp_path / cid_text(cid)).read_bytes() == data
    assert store_over(tmp_path / "other", node_of(daemon)).get_file(cid) == data


@pytest.mark.parametrize("size", SIZES)
def test_the_project_computes_and_reads_what_the_daemon_adds(daemon, tmp_path, size):
    data = noise(size, seed=1)
    added = asked(daemon).add_bytes(data, opts=PROFILE)
    cid, _ = import_file(data)
    assert added == cid_text(cid)
    assert store_over(tmp_path / "cache", node_of(daemon)).get_file(cid) == data


@pytest.mark.parametrize("missing", ["cid-version", "raw-leaves", "chunker"])
def test_each_of_the_options_is_needed(daemon, missing):
    """Without it the daemon gives another identifier, so equality above is no accident."""
    data = noise(3 * CHUNK + 5, seed=2)
    options = {name: value for name, value in PROFILE.items() if name != missing}
    if missing == "raw-leaves":
        options["raw-leaves"] = "false"
    if missing == "cid-version":
        del options["cid-base"]
    assert asked(daemon).add_bytes(data, opts=options) != cid_text(import_file(data)[0])


def test_objects_are_dag_cbor_to_the_daemon_too(daemon, tmp_path):
    store = store_over(tmp_path / "cache", node_of(daemon))
    root = store.put_file(noise(1000))
    data = encode({"name": "card", "parameters": root, "classes": [1, 2]})
    digest = store.put_object(data)
    # The daemon decodes the object and follows its link.
    answer = asked(daemon).dag.resolve(
        f"{cid_text(object_cid(digest))}/parameters", opts={"cid-base": "base32"}
    )
    assert answer.as_json() == {"Cid": {"/": cid_text(root)}, "RemPath": ""}
    assert asked(daemon).block.get(cid_text(object_cid(digest))) == data
    assert store_over(tmp_path / "other", node_of(daemon)).get_object(digest) == data


def test_pins_survive_the_collection_of_garbage(daemon, tmp_path):
    store, data = store_over(tmp_path / "cache", node_of(daemon)), noise(2 * CHUNK + 7, seed=3)
    root = store.put_file(data)
    loose = asked(daemon).add_bytes(b"nobody pins this", opts=PROFILE | {"pin": "false"})
    assert asked(daemon).block.get(loose)
    list(asked(daemon).repo.gc())
    node = node_of(daemon)
    assert not node.has(raw_cid(sha256(b"nobody pins this")))
    assert store_over(tmp_path / "other", node).get_file(root) == data
    assert {cid for cid, _ in import_file(data)[1]} <= node.pins()
    # What is unpinned goes with the next collection.
    node.unpin(root)
    list(asked(daemon).repo.gc())
    with pytest.raises(NodeAbsentError):
        node.get(root, search=False)


def test_archives_are_read_both_ways(daemon):
    data = noise(3 * CHUNK + 77, seed=5)
    root, blocks = import_file(data)
    archive = io.BytesIO()
    write_header(archive, [root])
    for cid, block in blocks:
        write_section(archive, cid, block)
    archive.seek(0)
    asked(daemon).dag.imprt(archive)
    assert asked(daemon).cat(cid_text(root)) == data
    exported = io.BytesIO(asked(daemon).dag.export(cid_text(root)))
    assert read_header(exported) == (root,)
    assert {section.cid: section.data for section in read_sections(exported)} == dict(blocks)


def test_absent_content_is_said_to_be_absent(daemon, tmp_path):
    cid = raw_cid(sha256(b"nobody has this"))
    with pytest.raises(ContentUnavailableError, match=daemon.address) as caught:
        store_over(tmp_path / "cache", node_of(daemon)).get_block(cid)
    assert isinstance(caught.value.faults[0], NodeAbsentError)


def test_a_lying_node_beside_the_daemon(daemon, tmp_path):
    data = noise(CHUNK + 9, seed=4)
    with fake_node() as liar:
        nodes = (IpfsNode(liar.address, 60.0, 120.0, 2), node_of(daemon))
        root = store_over(tmp_path / "cache", *nodes).put_file(data)
        liar.mode = "wrong"
        assert store_over(tmp_path / "other", *nodes).get_file(root) == data
        assert liar.calls.count("block/get") > 0
        with pytest.raises(ContentUnavailableError, match="bytes that are not"):
            store_over(tmp_path / "third", nodes[0]).get_file(root)


def test_processes_share_the_daemon_and_a_cache(daemon, tmp_path):
    store = store_over(tmp_path / "cache", node_of(daemon))
    workers = [get_context("spawn").Process(target=put_many, args=(store, first)) for first in (0, 0, 4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    fresh = store_over(tmp_path / "other", node_of(daemon))
    for number in range(12):
        data = b"process block %d" % number
        assert fresh.get_block(raw_cid(sha256(data))) == data
        assert raw_cid(sha256(data)) in node_of(daemon).pins()


def test_a_daemon_that_is_killed_loses_nothing_that_it_acknowledged(tmp_path):
    """Kill -9 while a thread writes; what was written is there after the restart, what was not was an error."""
    with ipfs_daemon(tmp_path) as daemon:
        store = store_over(tmp_path / "cache", node_of(daemon), attempts=1)
        kept: list[bytes] = []
        failed: list[ContentNotKeptError] = []
        enough = Event()

        def write() -> None:
            for number in range(10_000):
                data = noise(50_000, seed=number)
                try:
                    store.put_block(raw_cid(sha256(data)), data)
                except ContentNotKeptError as error:
                    failed.append(error)
                    return
                kept.append(data)
                if len(kept) == 5:
                    enough.set()

        writer = Thread(target=write)
        writer.start()
        assert enough.wait(120)
        daemon.kill()
        writer.join(300)
        assert daemon.address in str(failed[0])
        fresh = store_over(tmp_path / "other", node_of(daemon), attempts=1)
        with pytest.raises(ContentUnavailableError, match="cannot be asked"):
            fresh.get_block(raw_cid(sha256(kept[0])))
        daemon.start()
        for data in kept:
            assert fresh.get_block(raw_cid(sha256(data))) == data
        # What failed is written again by the same call.
        store.put_block(failed[0].cid, noise(50_000, seed=len(kept)))
        assert {failed[0].cid, *(raw_cid(sha256(data)) for data in kept)} <= node_of(daemon).pins()


class IpfsSite(Site):
    """Profiles whose contents meet on one node only: each has a cache of its own."""

    node = ""

    def profile(self, name: str, account: int, share: int, **options: object) -> Path:
        path = super().profile(name, account, share, **options)
        content = f'directory = "cache-{name}"\nnodes = ["{self.node}"]\nsearch_seconds = 2\n'
        path.write_text(f"{path.read_text()}\n[content]\n{content}")
        return path


@pytest.mark.tools
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`")
def test_a_whole_network_over_the_daemon(bema: Bema, daemon, tmp_path):  # noqa: F811
    """Found, join, submit, mine and audit; nobody shares a directory with anybody."""
    with anvil() as url:
        site = IpfsSite(tmp_path, url)
        object.__setattr__(site, "node", daemon.address)
        founders = founded(bema, site)
        newcomer = joined(bema, site, founders)
        miner = site.profile("miner", 4, 0)
        assert bema("miner", "run", "--empty", "-p", miner)[0] == 0
        published = 0
        for profile in (*founders, newcomer):
            code, out, err = bema("party", "submit", "-p", profile, "--json", "--count", 5)
            assert code == 0, err
            published += json.loads(out)["published"]
        code, out, err = bema("miner", "run", "-p", miner, "--json")
        assert code == 0, err
        block = json.loads(out.strip())["blocks"][0]
        assert block["batches"] == published > 0
        assert block["used"] > 0
        auditor = site.profile("auditor", 4, 0)
        code, out, err = bema("audit", "-p", auditor, "--json")
        report = json.loads(out)
        assert (code, report["recomputed"], report["mismatches"], report["missing"]) == (0, 2, 0, 0), err
        assert len(list(DirectoryStore(tmp_path / "cache-auditor").blocks())) > 4
        # On two processes too: each asks the node by itself.
        again = site.profile("second", 4, 0)
        assert bema("audit", "-p", again, "--jobs", 2, "--json")[0] == 0

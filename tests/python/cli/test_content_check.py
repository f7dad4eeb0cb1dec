"""`bema content check` over a tiny network whose contents lie on two nodes on loopback."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from fake_ipfs import FakeNode, fake_node
from tiny_network import tiny_network

from bema_py.cli.main import run
from bema_py.roles.block_miner import BlockMiner
from bema_py.storage.directory_store import DirectoryStore
from bema_py.storage.ipfs_node import IpfsNode
from bema_py.storage.ipfs_store import IpfsStore, Retries


@dataclass
class Site:
    nodes: tuple[FakeNode, FakeNode]
    check: Callable[..., tuple[int, dict]]


@pytest.fixture
def site(tmp_path, monkeypatch, capsys) -> Iterator[Site]:
    with fake_node() as one, fake_node() as two:
        nodes = [IpfsNode(each.address, 20.0, 40.0, 5) for each in (one, two)]
        store = IpfsStore(nodes, DirectoryStore(tmp_path / "cache"), retries=Retries(2, 0.0))
        tiny = tiny_network(tmp_path, store)
        BlockMiner(tiny.network, tiny.miner).mine()
        monkeypatch.setattr("bema_py.cli.content.open_network", lambda profile: tiny.network)
        profile = tmp_path / "bema.toml"
        profile.write_text("")

        def check(*options: str) -> tuple[int, dict]:
            monkeypatch.setattr(
                "sys.argv", ["bema", "content", "check", "-p", str(profile), "--json", *options]
            )
            with pytest.raises(SystemExit) as end:
                run()
            return int(end.value.code or 0), json.loads(capsys.readouterr().out)

        yield Site((one, two), check)


def test_every_node_is_asked_for_everything_and_repaired(site):
    code, found = site.check()
    count = found["reached"]
    assert count > 8
    assert [(p["held"], p["pinned"], p["lacking"]) for p in found["places"]] == [(count, count, [])] * 2
    assert code == 0
    one, two = site.nodes
    lost, damaged = sorted(one.held)[:2]
    del two.held[lost]
    two.pinned.remove(lost)
    one.held[damaged] += b"x"
    code, found = site.check()
    first, second = found["places"]
    assert (code, first["false"], first["lacking"]) == (6, 1, [damaged])
    assert "that are not" in first["fault"]
    assert (second["missing"], second["lacking"], second["pinned"]) == (1, [lost], count - 1)
    code, found = site.check("--repair")
    assert (code, [p["pinned"] for p in found["places"]]) == (0, [count, count])


def test_what_is_not_pinned_is_not_safe(site):
    site.nodes[1].pinned.pop()
    code, found = site.check()
    assert (code, found["places"][1]["lacking"]) == (5, [])
    assert found["places"][1]["pinned"] == found["reached"] - 1


def test_a_node_that_fails_is_not_asked_for_ever(site):
    site.nodes[1].mode = "failing"
    before = site.nodes[1].calls.count("block/get")
    code, found = site.check()
    assert (code, found["places"][1]["failed"]) == (5, found["reached"])
    assert site.nodes[1].calls.count("block/get") == before + 3
    assert "internal error" in found["places"][1]["fault"]

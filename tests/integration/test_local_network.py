"""A network of real processes: mines by itself, survives a kill, audits clean, is stopped to the last process."""

import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests
from chain_scenarios import ANVIL, has_anvil
from fake_kubo import install

from bema_py.cli.main import run
from bema_py.local.anvil import STATE, AnvilMissingError, ChainStateError, find_anvil, keep_one_genesis
from bema_py.local.ipfs import IPFS
from bema_py.local.network import LocalNetwork
from bema_py.local.plan import load_plan, make_plan
from bema_py.local.processes import CHAIN, Processes, Started
from bema_py.storage.directory_store import DirectoryStore

LIMIT = 540.0
"""Seconds for each wait: on a busy machine ten processes take their time to start."""

pytestmark = [
    pytest.mark.tools,
    pytest.mark.slow,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


def bema(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["bema", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        run()
    return int(end.value.code or 0)


def wait_for(what: str, ask: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not ask():
        assert time.monotonic() < deadline, f"waited {LIMIT:.0f} s for {what}"
        time.sleep(0.5)


@pytest.mark.timeout(3 * LIMIT)
def test_a_network_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "network"
    options = ("--dir", root, "--anvil", ANVIL, "--detach", "--timeout", LIMIT)
    shape = ("--founders", 2, "--parties", 1, "--miners", 2, "--auditors", 1, "--port", 0)
    try:
        assert bema(monkeypatch, "up", *shape, *options) == 0
        plan = load_plan(root)
        assert plan is not None
        network = LocalNetwork(root, plan, Processes(root))
        nodes = {node.name: node for node in plan.nodes}

        def height(name: str) -> int:
            return network.view(nodes[name]).height or 0

        wait_for("two blocks", lambda: height("founder1") >= 2)
        victim = random.SystemRandom().choice(list(nodes))
        killed = network.processes.started[victim]
        os.kill(killed.pid, signal.SIGKILL)
        wait_for(f"{victim}'s end", lambda: killed.process() is None)
        assert bema(monkeypatch, "up", *options) == 0, f"after {victim} was killed"

        network = LocalNetwork(root, plan, Processes(root))
        assert network.processes.started[victim].pid != killed.pid
        before = height("founder1")
        wait_for(f"another block after {victim} was killed", lambda: height("founder1") > before)
        reached = height("founder1")
        url = f"http://127.0.0.1:{nodes['auditor1'].port}"

        def audited() -> bool:
            text = requests.get(url + "/metrics", timeout=30).text.splitlines()
            figures = dict(line.rsplit(" ", 1) for line in text if not line.startswith("#"))
            assert float(figures.get('bema_audit_findings{status="false"}', 0)) == 0
            return (
                float(figures.get("bema_audited_blocks", 0)) >= reached
                and float(figures.get("bema_audit_clean", 0)) == 1
            )

        wait_for(f"a clean audit of {reached} blocks", audited)
        capsys.readouterr()
        assert bema(monkeypatch, "audit", "--profile", root / "auditor1.toml", "--json") == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["verdict"], report["mismatches"], report["missing"]) == ("consistent", 0, 0)
        assert report["recomputed"] >= 3
        for node in plan.nodes:
            log = (root / "logs" / f"{node.name}.log").read_text()
            assert "Traceback" not in log, log[-2000:]
    finally:
        started = list(Processes(root).started.values())
        assert bema(monkeypatch, "down", "--dir", root) == 0
    assert {entry.name for entry in started} >= {CHAIN, *nodes}
    assert not [entry for entry in started if entry.process()]
    for name in nodes:
        assert '"event": "stopped"' in (root / "logs" / f"{name}.log").read_text().splitlines()[-1]


@pytest.mark.timeout(2 * LIMIT)
def test_contents_go_through_an_ipfs_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the founder writes reaches the miner by the node alone: each has a directory of its own."""
    root = tmp_path / "network"
    shape = ("--founders", 1, "--parties", 0, "--miners", 1, "--auditors", 0, "--port", 0)
    more = ("--anvil", ANVIL, "--ipfs", install(tmp_path), "--detach", "--timeout", LIMIT)
    try:
        assert bema(monkeypatch, "up", "--dir", root, *shape, *more) == 0
        plan = load_plan(root)
        assert plan is not None
        network = LocalNetwork(root, plan, Processes(root))
        capsys.readouterr()
        assert bema(monkeypatch, "audit", "--profile", root / "miner1.toml", "--json") == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["verdict"], report["missing"]) == ("consistent", 0)
        assert not (root / "content").exists()
        # The rules, the founder's model card and its parameters.
        assert len(list(DirectoryStore(root / "miner1/content").blocks())) >= 3
        assert network.processes.running(IPFS)
    finally:
        started = dict(Processes(root).started)
        assert bema(monkeypatch, "down", "--dir", root) == 0
    assert {CHAIN, IPFS} < set(started)
    assert not [entry for entry in started.values() if entry.process()]


def test_a_missing_ipfs_program_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "network"
    given = ("--dir", root, "--anvil", ANVIL, "--ipfs", tmp_path / "nothing")
    assert bema(monkeypatch, "up", *given) == 2
    assert "install Kubo" in " ".join(capsys.readouterr().err.split())
    assert load_plan(root) is None


def test_down_stops_nothing_that_it_did_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record whose pid is another process's by now."""
    me = psutil.Process()
    processes = Processes(tmp_path)
    processes.started["miner1"] = Started("miner1", me.pid, me.create_time() - 100)
    assert processes.stop(["miner1"]) == []
    assert me.is_running()
    assert bema(monkeypatch, "down", "--dir", tmp_path) == 2
    assert "holds no network" in capsys.readouterr().err


def test_a_chain_restarted_again_and_again_stays_the_same(tmp_path: Path) -> None:
    network = LocalNetwork(tmp_path, make_plan(1, 0, 1, 0, 0), Processes(tmp_path))
    geneses, heads = set(), []
    try:
        for _ in range(6):
            chain = network.start_chain(str(ANVIL), LIMIT, lambda _: None)
            geneses.add(chain.block(0).hash)
            heads.append(chain.head().number)
            chain.request("anvil_mine", ["0x2"])
            assert network.processes.stop([CHAIN]) == [CHAIN]
    finally:
        network.down()
    assert len(geneses) == 1
    assert heads == sorted(set(heads))


def test_a_state_that_was_cut_off_is_named(tmp_path: Path) -> None:
    keep_one_genesis(tmp_path / STATE)
    (tmp_path / "chain.json").write_text('{"blocks": [{"header"')
    with pytest.raises(ChainStateError, match="begin one in another directory"):
        keep_one_genesis(tmp_path / STATE)


def test_a_missing_anvil_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnvilMissingError, match="install Foundry"):
        find_anvil()
    with pytest.raises(AnvilMissingError, match="make tools"):
        find_anvil(str(tmp_path / "anvil"))
    assert find_anvil(str(ANVIL)) == str(ANVIL.absolute())

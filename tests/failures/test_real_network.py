"""One network of real processes, and everything that can fail around it; after each failure it must have kept its word.

The tests share the network and run in the order of this file: starting it is what takes longest.
"""

import os
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest
from chain_scenarios import ANVIL, has_anvil
from faulty_node import DroppedError, RefusedError, ThrottledError, faulty_node
from watched_network import (
    LIMIT,
    changed,
    cheat,
    health,
    is_rejected_and_slashed,
    is_well,
    kept_its_word,
    logged,
    named,
    party_number,
    says,
    works,
)

from bema_py.bench.onlooker import opened, verdict, wait_until
from bema_py.bench.storm import MOMENTS, Storm
from bema_py.local.network import LocalNetwork, Settings
from bema_py.local.plan import make_plan
from bema_py.local.processes import Processes, bema
from bema_py.local.profiles import profile_of
from bema_py.roles.block_miner import BlockMiner
from bema_py.storage.directory_store import DirectoryStore
from bema_py.storage.memory_store import MemoryStore

SEED = int(os.environ.get("BEMA_SEED", "6"))
FOUNDING, WORKING = 20, 100
"""Kills while the network is founded, and after."""

pytestmark = [
    pytest.mark.failures,
    pytest.mark.tools,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNetwork]:
    root = tmp_path_factory.mktemp("network")
    plan = make_plan(founders=2, parties=2, miners=2, auditors=1, port=0)
    plan.save(root)
    network = LocalNetwork(root, plan, Processes(root))
    try:
        network.up(str(ANVIL), Settings(window=40, steps=20), LIMIT, print)
        yield network
    finally:
        network.down()


def test_more_than_a_hundred_kills_from_the_founding_on(network: LocalNetwork) -> None:
    storm = Storm(network, str(ANVIL), Random(SEED))
    for _ in range(FOUNDING):
        storm.kill_one()
    works(network)
    for _ in range(WORKING):
        storm.kill_one()
    print(f"seed {SEED}:", *storm.blows, sep="\n")
    assert Counter(blow.kind for blow in storm.blows) == {"kill": FOUNDING + WORKING}
    roles = {node.name: node.role for node in network.plan.nodes}
    assert set(roles.values()) == {roles[blow.whom] for blow in storm.blows}
    assert set(MOMENTS) == {blow.moment for blow in storm.blows}
    kept_its_word(network)


# ---- what follows needs a network that works; the kills above may be left out (`-k "not kills"`)


@pytest.fixture
def working(network: LocalNetwork) -> LocalNetwork:
    works(network)
    return network


def test_reorganisations_of_every_depth_under_running_nodes(working: LocalNetwork) -> None:
    chain = opened(working).contract.chain
    for depth in range(1, 9):
        chain.request("anvil_reorg", [depth, []])
        time.sleep(depth)
    kept_its_word(working)


def test_a_chain_that_restarts_from_its_saved_state(working: LocalNetwork) -> None:
    storm = Storm(working, str(ANVIL), Random(SEED))
    storm.restart_chain()
    kept_its_word(working)


def test_an_endpoint_that_is_down_slow_rate_limited_or_lying(working: LocalNetwork) -> None:
    """One founder asks through it, and the others go on; whatever it hears, it accuses nobody."""
    node, trouble = named(working, "founder2"), {"is": "none"}

    def fault(method: str, parameters: Any, result: Any) -> Any:
        match trouble["is"]:
            case "down":
                raise DroppedError
            case "slow":
                time.sleep(1.0)
            case "limited":
                raise ThrottledError
            case "refusing":
                raise RefusedError("daily request count exceeded")
            case "lying" if method == "eth_getLogs" and "fromBlock" in parameters[0]:
                return result[:-1]
        return result

    url = working.plan.chain_url
    own = f'url = "{{}}"\nindex = "{node.name}.sqlite"'  # what the others read must not help it
    with faulty_node(url, fault) as proxy, changed(working, node, f'url = "{url}"', own.format(proxy)):
        is_well(node)
        for kind, words in (
            ("down", "no chain answers"),
            ("limited", "429"),
            ("refusing", "daily request count exceeded"),
            ("lying", "logs"),
        ):
            trouble["is"] = kind
            says(node, words)
            trouble["is"] = "none"
            is_well(node)
        trouble["is"] = "slow"
        recomputed = len(logged(working, node, "block recomputed"))
        wait_until(
            lambda: len(logged(working, node, "block recomputed")) > recomputed, "it works slowly", LIMIT
        )
    assert not logged(working, node, "voted")
    kept_its_word(working)


def test_a_false_block_is_rejected_and_its_bond_slashed(working: LocalNetwork) -> None:
    is_rejected_and_slashed(working, cheat(working, lambda _: None, false=True))
    kept_its_word(working)


def test_a_block_without_its_body_is_rejected_and_its_bond_slashed(working: LocalNetwork) -> None:
    def publish_to_nobody(miner: BlockMiner) -> None:
        mine, public = MemoryStore(), miner.network.store

        class Private(MemoryStore):
            def get_block(self, cid: Any, **limits: Any) -> bytes:
                return (
                    mine.get_block(cid, **limits) if mine.has_block(cid) else public.get_block(cid, **limits)
                )

            def put_block(self, cid: Any, data: bytes) -> None:
                mine.put_block(cid, data)

            def _write(self, cid: Any, data: bytes) -> None:
                mine._write(cid, data)

        miner.network = replace(miner.network, store=Private())

    is_rejected_and_slashed(working, cheat(working, publish_to_nobody, false=False))
    kept_its_word(working)


def test_content_that_is_missing_or_damaged_blames_nobody(working: LocalNetwork) -> None:
    founder, auditor = named(working, "founder1"), named(working, "auditor1")
    store = DirectoryStore(working.directory / "content")
    view = opened(working)
    first = view.history().blocks[0]
    (path,) = [
        store.path_of(cid)
        for cid in store.blocks()
        if store.path_of(cid).read_bytes() == store.get_object(first.body_digest)
    ]
    whole = path.read_bytes()
    for wrong, words in ((whole[:-1] + b"?", "damaged"), (None, "fetch its content from another node")):
        for node in (founder, auditor):
            working.processes.stop([node.name])
        path.unlink()
        if wrong is not None:
            path.write_bytes(wrong)
        for node in (founder, auditor):
            working.start(node)
        says(founder, words)
        if wrong is not None:
            says(auditor, words)
        else:
            wait_until(
                lambda: health(auditor).get("detail") == "content that is missing",
                "so does the auditor",
                LIMIT,
            )
        path.unlink(missing_ok=True)
        path.write_bytes(whole)
        is_well(founder)
    assert not [
        vote for vote in logged(working, founder, "voted") if vote["subject"] == "0x" + first.block_hash.hex()
    ]
    kept_its_word(working)


def test_a_disk_on_which_nothing_can_be_written(working: LocalNetwork) -> None:
    """A running founder may write no byte to any file, its log included; then it may again."""
    node = named(working, "founder1")
    entry = working.processes.running(node.name)
    process = entry.process() if entry else None
    assert process is not None
    process.rlimit(psutil.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    wait_until(lambda: not health(node).get("healthy", True), "the founder cannot write", LIMIT)
    assert any(words in str(health(node)["reason"]) for words in ("disk", "File too large", "room"))
    process.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    is_well(node)
    assert process.is_running()
    kept_its_word(working)


@pytest.mark.parametrize("minutes", [-7, 7])
def test_clocks_that_are_wrong_by_minutes(working: LocalNetwork, minutes: int, tmp_path: Path) -> None:
    """A miner and a founder live in another time; all that counts is the chain's."""
    shift = f"import time; now = time.time; time.time = lambda: now() + {60 * minutes}"
    (tmp_path / "sitecustomize.py").write_text(shift)
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    odd = [named(working, name) for name in ("miner1", "founder2")]
    working.processes.stop([node.name for node in odd])
    for node in odd:
        command = bema("node", "--config", str(profile_of(working.directory, node)))
        working.processes.start(node.name, command, environment)
    for node in odd:
        is_well(node)
    kept_its_word(working)
    for node in odd:
        working.processes.stop([node.name])
        working.start(node)


def test_two_processes_with_one_key(working: LocalNetwork) -> None:
    """One with the same state is refused; one with a state of its own, as after a careless restore, is told."""
    party = named(working, "party1")
    profile = profile_of(working.directory, party)
    command = bema("node", "--config", str(profile))
    same = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert same.returncode == 2
    assert "two nodes must not share one state" in " ".join(same.stderr.split())

    twin = working.directory / "twin.toml"
    text = profile.read_text().replace('state = "party1"', 'state = "twin"')
    twin.write_text(text.replace(f'listen = "127.0.0.1:{party.port}"', 'listen = "127.0.0.1:0"'))
    working.processes.start("twin", bema("node", "--config", str(twin)), os.environ)
    logs = [working.processes.log_of(name) for name in ("twin", "party1")]
    words = "so another process works with the same key"
    wait_until(lambda: any(words in each.read_text() for each in logs), "one of them notices", LIMIT)
    assert set(working.processes.stop(["twin", "party1"])) == {"twin", "party1"}
    # What a careless owner offers twice is its own loss; the others' money and blocks are as they must be.
    number = party_number(working, party)
    own = (f"party {number} offered", f"party {number} cannot open", "no block lists", "twin", "party1")
    assert [each for each in verdict(working) if not any(words in each for words in own)] == []

"""Nodes on hosts of their own, some of which lose the network and find it again.

Each node has a network namespace and a cable to the bridge where the chain and an IPFS node answer, and a directory of
its own: whatever one learns of another passes through the cables. In the IPFS node's place is a server that speaks its
calls.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from chain_scenarios import ANVIL, has_anvil
from fake_kubo import install
from separate_hosts import Hosts, missing, separate_hosts
from watched_network import (
    LIMIT,
    cheat,
    is_rejected,
    is_rejected_and_slashed,
    kept_its_word,
    logged,
    named,
    works,
)

from bema_py.bench.onlooker import standing, wait_until
from bema_py.local.network import LocalNetwork, Settings
from bema_py.local.plan import LocalPlan, make_plan
from bema_py.local.processes import Processes

WHY_NOT = missing()
WINDOW = 60
FOUNDERS = ("founder1", "founder2", "founder3")
LOST = ("founder3", "party2", "miner2", "auditor1")
"""Who is cut off; two founders are a quorum without the third."""

pytestmark = [
    pytest.mark.failures,
    pytest.mark.tools,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "there can be hosts"),
]


@pytest.fixture(scope="module")
def plan() -> LocalPlan:
    return make_plan(founders=3, parties=2, miners=2, auditors=1, port=0, ipfs=True)


@pytest.fixture(scope="module")
def hosts(plan: LocalPlan) -> Iterator[Hosts]:
    with separate_hosts([node.name for node in plan.nodes]) as made:
        yield made


@pytest.fixture(scope="module")
def network(
    tmp_path_factory: pytest.TempPathFactory, plan: LocalPlan, hosts: Hosts
) -> Iterator[LocalNetwork]:
    root = tmp_path_factory.mktemp("network")
    ipfs = str(install(tmp_path_factory.mktemp("kubo")))
    nodes = tuple(replace(node, host=hosts.named[node.name].address) for node in plan.nodes)
    plan = replace(plan, nodes=nodes, chain_host=hosts.address)
    plan.save(root)
    network = LocalNetwork(root, plan, Processes(root), lambda node: hosts.named[node.name].command(), ipfs)
    try:
        network.up(str(ANVIL), Settings(window=WINDOW, steps=20), LIMIT, print)
        works(network)
        yield network
    finally:
        network.down()


def test_a_minority_that_is_cut_off_and_comes_back(network: LocalNetwork, hosts: Hosts) -> None:
    """Those left go on and reject a false block; whoever comes back makes nothing twice and misses nothing."""
    with hosts.cut_off(*LOST):
        wait_until(
            lambda: all("no chain answers" in network.processes.last_line(name) for name in LOST),
            "those cut off say that no chain answers",
            LIMIT,
        )
        false = cheat(network, lambda _: None, false=True)
        is_rejected_and_slashed(network, false)
        before = standing(network).blocks
        wait_until(lambda: standing(network).blocks > before, "a block by those left", LIMIT)
    kept_its_word(network)
    voters = [name for name in FOUNDERS if logged(network, named(network, name), "voted")]
    assert {"founder1", "founder2"} <= set(voters)


def test_founders_who_do_not_reach_one_another(network: LocalNetwork, hosts: Hosts) -> None:
    """Each votes for itself, and nothing comes of it; once they hear one another the block is rejected."""
    before = {name: len(logged(network, named(network, name), "voted")) for name in FOUNDERS}
    with hosts.apart(*FOUNDERS):
        false = cheat(network, lambda _: None, false=True)
        wait_until(
            lambda: all(
                len(logged(network, named(network, name), "voted")) > before[name] for name in FOUNDERS
            ),
            "every founder votes",
            WINDOW,
        )
        assert not is_rejected(network, false)
    is_rejected_and_slashed(network, false)
    kept_its_word(network)

"""One network of real processes, and everything that can fail around it; after each failure it must have kept its word.

The tests share the network and run in the order of this file: starting it is what takes longest.
"""

import os
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from chain_scenarios import ANVIL, has_anvil

from bema_py.bench.onlooker import calm, standing, verdict, wait_until
from bema_py.bench.storm import MOMENTS, Storm
from bema_py.local.network import LocalNetwork, Settings
from bema_py.local.plan import make_plan
from bema_py.local.processes import Processes

SEED = int(os.environ.get("BEMA_SEED", "6"))
FOUNDING, WORKING = 20, 100
"""Kills while the network is founded, and after."""
LIMIT = 900.0

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


def kept_its_word(network: LocalNetwork) -> None:
    before = standing(network).blocks
    calm(network)
    wait_until(lambda: standing(network).blocks > before, "another block", LIMIT)
    assert verdict(network) == []


def test_more_than_a_hundred_kills_from_the_founding_on(network: LocalNetwork) -> None:
    storm = Storm(network, str(ANVIL), Random(SEED))
    for _ in range(FOUNDING):
        storm.kill_one()
    wait_until(lambda: standing(network).parties == 4, "everybody is a party", LIMIT)
    wait_until(lambda: standing(network).blocks > 0, "a block", LIMIT)
    for _ in range(WORKING):
        storm.kill_one()
    print(f"seed {SEED}:", *storm.blows, sep="\n")
    assert Counter(blow.kind for blow in storm.blows) == {"kill": FOUNDING + WORKING}
    roles = {node.name: node.role for node in network.plan.nodes}
    assert set(roles.values()) == {roles[blow.whom] for blow in storm.blows}
    assert set(MOMENTS) == {blow.moment for blow in storm.blows}
    kept_its_word(network)

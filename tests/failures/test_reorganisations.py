"""The chain takes back what nodes did on it, one to eight blocks deep; they do it again, and nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chain_scenarios import ANVIL, anvil, has_anvil
from node_town import Town
from tiny_network import TinyNetwork, tiny_network

from bema_py.bench.promises import broken_promises
from bema_py.chain.connection import connect
from bema_py.core.errors import BemaError
from bema_py.node.loop import Worker
from bema_py.node.miner import MiningPlan
from bema_py.roles.network import read_ledger
from bema_py.roles.outbox import Outbox

QUICK = (3,)
DEPTHS = [
    depth if depth in QUICK else pytest.param(depth, marks=pytest.mark.failures) for depth in range(1, 9)
]

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    with anvil("--accounts", "30") as url:
        yield url


@pytest.fixture
def town(node: str, tmp_path: Path) -> Town:
    tiny = tiny_network(tmp_path / "chain", chain=connect(node))
    town = Town(tiny, tmp_path / "nodes")
    town.miner(plan=MiningPlan()).step()
    tiny.chain.advance(10)
    return town


def again(worker: Worker) -> str:
    """Take a step; what the chain refuses is tried again, as by the node's loop."""
    try:
        return worker.step()
    except BemaError as error:
        return str(error)


def outbox(town: Town, party: int) -> Outbox:
    return Outbox(town.directory / f"party{party}/outbox.json")


def rounds(town: Town, count: int) -> None:
    """A batch found, committed, revealed and judged, four Ethereum blocks a round; the miner and the party by turns."""
    tiny = town.tiny
    for _ in range(4 * count):
        again(town.party(tiny.parties[2]))
        tiny.chain.advance(1)
        again(town.miner())


def listed(tiny: TinyNetwork) -> set[bytes]:
    return set(read_ledger(tiny.network, tiny.network.history()).listed)


@pytest.mark.parametrize("depth", DEPTHS)
def test_what_the_chain_takes_back_is_done_again(town: Town, depth: int) -> None:
    tiny = town.tiny
    party = lambda: town.party(tiny.parties[2])  # noqa: E731
    offered = set()
    for _ in range(2):
        party().step()
        offered.add(outbox(town, 3).held[-1].commitment)
        tiny.chain.advance(1)
        party().step()
        tiny.chain.advance(1)
        town.miner().step()
    assert len(offered) == 2
    assert offered == listed(tiny)

    tiny.chain.request("anvil_reorg", [depth, []])
    assert offered != listed(tiny)
    rounds(town, 4)
    assert offered <= listed(tiny)
    files = [outbox(town, 3).path]
    assert broken_promises(tiny.network, files) == []


def test_without_what_was_revealed_a_party_says_what_is_wrong(town: Town) -> None:
    """The outbox of a backup, or of a node that forgets: the reorganised commitment cannot be opened by it."""
    tiny = town.tiny
    town.party(tiny.parties[2]).step()
    (held,) = outbox(town, 3).held
    outbox(town, 3).path.unlink()
    said = again(town.party(tiny.parties[2]))
    assert f"commitment 0x{held.commitment.hex()} of this account is not in" in said
    assert "stop the other one, or restore the state" in said
    assert "expires with Ethereum block" in said
    assert [batch.opening for batch in tiny.network.history().batches.values()] == [None]

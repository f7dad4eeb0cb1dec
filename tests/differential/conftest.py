"""The two chains that every question goes to, both with a clock that ticks one second an Ethereum block."""

from collections.abc import Iterator

import pytest
from chain_scenarios import ANVIL, World, anvil, close_genesis, has_anvil, new_world
from council import Council, convened

from bema_py.chain.connection import Chain, connect, embedded

needs_anvil = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


@pytest.fixture(scope="session", params=["embedded", pytest.param("anvil", marks=needs_anvil)])
def chain(request: pytest.FixtureRequest) -> Iterator[Chain]:
    if request.param == "embedded":
        with embedded() as opened:
            yield opened
    else:
        with anvil() as url, connect(url) as opened:
            opened.request("anvil_setBlockTimestampInterval", [1])
            yield opened


@pytest.fixture(scope="module")
def world(chain: Chain) -> World:
    """A contract past its genesis phase, with two founders, money in the pool and a block's bond of 1,000 wei."""
    deployed = new_world(chain, bond=1000, max_reward_per_block=600)
    close_genesis(deployed)
    deployed.contract.fund(deployed.account(5), 1500)
    return deployed


@pytest.fixture(scope="module")
def council(chain: Chain) -> Council:
    return convened(chain)

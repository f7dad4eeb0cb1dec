"""A fresh embedded chain, and a world on it, for each test."""

from collections.abc import Iterator

import pytest
from chain_scenarios import World, close_genesis, new_world

from bema_py.chain.connection import Chain, embedded


@pytest.fixture
def chain() -> Iterator[Chain]:
    with embedded() as opened:
        yield opened


@pytest.fixture
def world(chain: Chain) -> World:
    return new_world(chain)


@pytest.fixture
def open_world(world: World) -> World:
    close_genesis(world)
    return world

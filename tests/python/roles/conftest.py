"""A tiny network with three blocks of history, made once and read by many tests."""

from collections.abc import Iterator

import pytest
from tiny_network import TinyNetwork, tiny_network


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyNetwork]:
    tiny = tiny_network(tmp_path_factory.mktemp("played"))
    tiny.play(3)
    yield tiny
    tiny.chain.close()


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyNetwork]:
    tiny = tiny_network(tmp_path_factory.mktemp("fresh"))
    yield tiny
    tiny.chain.close()

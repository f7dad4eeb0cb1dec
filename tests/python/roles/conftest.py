"""A tiny network with a whole history, made once: three blocks and a rejected one, a suspension, payments."""

from collections.abc import Iterator

import pytest
from cheating import lie
from tiny_network import TinyNetwork, settle_accounts, tiny_network


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyNetwork]:
    tiny = tiny_network(tmp_path_factory.mktemp("played"))
    tiny.play(1)
    tiny.suspend(tiny.parties[3])
    lie(tiny)
    tiny.reject(2)
    tiny.play(2)
    settle_accounts(tiny)
    yield tiny
    tiny.chain.close()


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyNetwork]:
    tiny = tiny_network(tmp_path_factory.mktemp("fresh"))
    yield tiny
    tiny.chain.close()

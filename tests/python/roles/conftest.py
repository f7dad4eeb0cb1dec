"""Tiny networks with a whole history, made once for each module, and one without any."""

from collections.abc import Iterator

import pytest
from cheating import lie
from tiny_network import TinyNetwork, settle_accounts, tiny_network
from told_network import told_network

from bema_py.roles.stories.archive import Archive, archive_of_network


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyNetwork]:
    """Three blocks and a rejected one, a suspension, payments."""
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


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyNetwork]:
    tiny = told_network(tmp_path_factory.mktemp("told"))
    yield tiny
    tiny.chain.close()


@pytest.fixture(scope="module")
def archive(told: TinyNetwork) -> Archive:
    return archive_of_network(told.network)

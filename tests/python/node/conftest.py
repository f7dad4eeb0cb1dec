"""A town of nodes on a tiny network in which everybody is registered and no block was mined."""

from collections.abc import Iterator

import pytest
from node_town import Town
from tiny_network import tiny_network


@pytest.fixture
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    tiny = tiny_network(tmp_path_factory.mktemp("town"))
    yield Town(tiny, tmp_path_factory.mktemp("nodes"))
    tiny.chain.close()

"""A bundle of a real anvil process: several transactions in one block, and nodes that answer in different ways."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from chain_scenarios import ANVIL, anvil, close_genesis, has_anvil, join, new_world

from bema_py.chain.abi import encode_call
from bema_py.chain.connection import Chain, connect
from bema_py.chain.errors import ChainResponseError
from bema_py.chain.event_reader import read_events
from bema_py.core.types import hex0x
from bema_py.roles.bundle.anchors import Wanted
from bema_py.roles.bundle.opening import open_bundle
from bema_py.roles.bundle.writing import export_chain
from bema_py.roles.checks import CheckBook, Status
from bema_py.storage.memory_store import MemoryStore

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


def busy_block(chain: Chain, contract: bytes) -> None:
    """Mine one block of seven senders' transactions of two types, of which every other pays into the pool."""
    chain.request("evm_setAutomine", [False])
    for number, account in enumerate(chain.accounts()[3:10]):
        pays = {"to": hex0x(contract), "data": hex0x(encode_call("fund", [])), "gas": hex(200_000)}
        plain = {"to": hex0x(account), "gas": hex(21_000)}
        price = {"gasPrice": hex((9 - number) * 10**9)} if number % 3 else {}
        asked = {"from": hex0x(account), "value": hex(1 + number), **(plain if number % 2 else pays), **price}
        chain.request("eth_sendTransaction", [asked])
    chain.request("evm_mine", [])
    chain.request("evm_setAutomine", [True])


def test_a_bundle_of_anvil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with anvil() as url, connect(url, timeout=60) as chain:
        world = new_world(chain, bond=10, max_reward_per_block=10)
        close_genesis(world)
        join(world, 2)
        busy_block(chain, world.deployment.address)
        chain.advance(2)
        store = MemoryStore()
        exported = export_chain(chain, world.deployment, store, tmp_path / "bundle")
        head = chain.head()
        events = list(read_events(chain, world.contract.address, world.deployment.block_number, head.number))

        request_all = chain.request_all

        def one_by_one(asked: Sequence[tuple[str, list[Any]]]) -> list[Any]:
            if any(method == "eth_getBlockReceipts" for method, _ in asked):
                raise ChainResponseError(url, "the method does not exist")
            return request_all(asked)

        monkeypatch.setattr(chain, "request_all", one_by_one)
        assert export_chain(chain, world.deployment, store, tmp_path / "again") == exported

        def three_at_most(asked: Sequence[tuple[str, list[Any]]]) -> list[Any]:
            if len(asked) > 3:
                raise ChainResponseError(url, "batch too large")
            return request_all(asked)

        monkeypatch.setattr(chain, "request_all", three_at_most)
        assert export_chain(chain, world.deployment, store, tmp_path / "thrice") == exported

    book = CheckBook()
    bundle = open_bundle(book, tmp_path / "bundle", Wanted(31337, world.deployment.address, head.hash))
    bundle.check_reach(book)
    assert book.count(Status.FALSE) == 0, book.findings
    assert bundle.anchors.proven
    assert list(bundle.events) == events
    assert sum(type(each).__name__ == "PoolFunded" for each in events) == 4
    assert len({each.position.block_number for each in events[-4:]}) == 1
    assert exported.manifest.anchor == (head.number, head.hash)
    # Nothing was ever published there, and the bundle says so.
    assert exported.manifest.missing

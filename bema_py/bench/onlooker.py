"""A local network as an onlooker sees it: whether it is calm, whether it kept its promises, how far it came."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from bema_py.bench.promises import broken_promises, unpaid
from bema_py.chain.connection import Chain, connect
from bema_py.chain.deployment import open_contract
from bema_py.chain.deployment_file import load_deployment
from bema_py.chain.errors import ChainError
from bema_py.core.types import Address
from bema_py.local.network import DEPLOYMENT, LocalNetwork
from bema_py.roles.content import ModelCache, load_rules
from bema_py.roles.network import Network, read_ledger
from bema_py.storage.block_store import BlockStore
from bema_py.storage.directory_store import DirectoryStore
from bema_py.storage.ipfs_node import IpfsNode
from bema_py.storage.ipfs_store import IpfsStore

CALMS_WITHIN = 900.0
ANSWERS_WITHIN = 60.0
BETWEEN = 2.0
"""Seconds between two questions."""
AT_ONCE = 500


@dataclass(frozen=True)
class Standing:
    """How far a network came: its blocks and those that left, its parties, batches, Ethereum blocks, transactions."""

    blocks: int
    orphans: int
    parties: int
    batches: int
    samples_used: int
    ethereum_blocks: int
    transactions: int


def calm(network: LocalNetwork) -> float:
    """Wait until every node is well and paid; return the seconds that it took. Raises TimeoutError."""
    began = time.monotonic()
    network.wait_until_well(CALMS_WITHIN)
    accounts = people(network)
    wait_until(lambda: not unpaid(opened(network), accounts), "everybody is paid", CALMS_WITHIN)
    return time.monotonic() - began


def verdict(network: LocalNetwork) -> list[str]:
    """Return what does not hold that should, in sentences."""
    outboxes = [network.directory / node.name / "outbox.json" for node in network.plan.holders]
    return [*broken_promises(opened(network), outboxes), *strange_lines(network)]


def opened(network: LocalNetwork) -> Network:
    """Open the network's deployment as an onlooker, past every endpoint but the chain's own."""
    deployment = load_deployment(network.directory / DEPLOYMENT)
    store = contents(network)
    contract = open_contract(connect(network.plan.chain_url, timeout=ANSWERS_WITHIN), deployment)
    return Network(contract, deployment, store, load_rules(store, deployment.rules_digest), ModelCache(store))


def contents(network: LocalNetwork) -> BlockStore:
    """Give what the nodes publish: the directory they share, or their IPFS node with a cache of the onlooker's."""
    if not network.plan.ipfs_port:
        return DirectoryStore(network.directory / "content")
    node = IpfsNode(network.plan.ipfs_address, ANSWERS_WITHIN, ANSWERS_WITHIN, 0)
    return IpfsStore([node], DirectoryStore(network.directory / "onlooker/content"), search=False)


def people(network: LocalNetwork) -> list[Address]:
    """Return the accounts of all that earn."""
    accounts = connect(network.plan.chain_url).accounts()
    return [accounts[node.number] for node in network.plan.nodes if node.role != "auditor"]


def wait_until(holds: Callable[[], bool], what: str, seconds: float) -> None:
    """Ask now and then, also while the chain is away; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except ChainError:
            pass  # it may be on its way back
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s until {what}")
        time.sleep(BETWEEN)


def standing(network: LocalNetwork) -> Standing:
    """Return how far the network came."""
    view = opened(network)
    history = view.history()
    chain = view.contract.chain
    head = chain.head().number
    return Standing(
        len(history.blocks),
        len(history.orphans),
        len(history.parties),
        sum(1 for batch in history.batches.values() if batch.opening),
        len(read_ledger(view, history).used),
        head,
        _transactions(chain, head),
    )


def strange_lines(network: LocalNetwork) -> list[str]:
    """Return what nodes wrote that is no line of their log: how one ended by itself, or a fault of the program."""
    strange = []
    for node in network.plan.nodes:
        for line in network.processes.log_of(node.name).read_text().splitlines():
            try:
                json.loads(line)
            except ValueError:
                strange.append(f"{node.name} wrote {line!r}")
    return strange


def _transactions(chain: Chain, head: int) -> int:
    total = 0
    for start in range(0, head + 1, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, head + 1))
        asked = [("eth_getBlockTransactionCountByNumber", [hex(number)]) for number in numbers]
        total += sum(int(count, 16) for count in chain.request_all(asked))
    return total

"""What the failure tests ask of a local network and do to it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import requests
from cheating import wrong_count

from bema_py.bench.onlooker import calm, opened, standing, verdict, wait_until
from bema_py.chain.events import BlockRejected, BondReturned, PoolFunded
from bema_py.chain.signers import NodeSigner
from bema_py.local.network import LocalNetwork
from bema_py.local.plan import PlannedNode
from bema_py.local.profiles import profile_of
from bema_py.roles.block_miner import BlockMiner, StaleBlockError

LIMIT = 900.0
"""Seconds for each wait: a small machine trains and recomputes for many nodes."""


def works(network: LocalNetwork) -> None:
    """Wait until everybody with data is a party and there is a block."""
    parties = len(network.plan.holders)
    wait_until(lambda: standing(network).parties == parties, "everybody is a party", LIMIT)
    wait_until(lambda: standing(network).blocks > 0, "a block", LIMIT)


def kept_its_word(network: LocalNetwork) -> None:
    """Require that the network recovers, goes on, and has broken no promise."""
    before = standing(network).blocks
    calm(network)
    wait_until(lambda: standing(network).blocks > before, "another block", LIMIT)
    broken = verdict(network)
    assert not broken, "\n".join(broken)


def named(network: LocalNetwork, name: str) -> PlannedNode:
    return next(node for node in network.plan.nodes if node.name == name)


def party_number(network: LocalNetwork, node: PlannedNode) -> int:
    """A party's number in the contract: parties register in whatever order they come."""
    view = opened(network)
    party = view.history().party_of(view.contract.chain.accounts()[node.number])
    assert party is not None
    return party.party


def health(node: PlannedNode) -> dict[str, Any]:
    """What a node says of itself; nothing where it does not answer."""
    try:
        answer = requests.get(f"{node.url}/health", timeout=10).json()
    except requests.RequestException:
        return {}
    return dict(answer)


def says(node: PlannedNode, words: str) -> None:
    wait_until(lambda: words in str(health(node).get("reason")), f"{node.name} says {words!r}", LIMIT)


def is_well(node: PlannedNode) -> None:
    wait_until(lambda: bool(health(node).get("healthy")), f"{node.name} is well", LIMIT)


def logged(network: LocalNetwork, node: PlannedNode, event: str) -> list[dict[str, Any]]:
    lines = network.processes.log_of(node.name).read_text().splitlines()
    return [line for line in map(json.loads, lines) if line["event"] == event]


@contextmanager
def changed(network: LocalNetwork, node: PlannedNode, old: str, new: str) -> Iterator[None]:
    """Run a node with a change in its profile."""
    profile = profile_of(network.directory, node)
    honest = profile.read_text()
    assert old in honest
    try:
        network.processes.stop([node.name])
        profile.write_text(honest.replace(old, new))
        network.start(node)
        yield
    finally:
        network.processes.stop([node.name])
        profile.write_text(honest)
        network.start(node)


def cheat(network: LocalNetwork, change: Callable[[BlockMiner], None], *, false: bool) -> bytes:
    """Mine one block as a stranger with the spare account; gives its hash."""
    view = opened(network)
    accounts = view.contract.chain.accounts()
    miner = BlockMiner(view, NodeSigner(view.contract.chain, accounts[len(network.plan.nodes)]))
    change(miner)
    for _ in range(20):
        draft = miner.draft()
        if false:
            draft = replace(draft, assembled=wrong_count(draft.assembled))
        try:
            return miner.seal(draft).header.hash()
        except StaleBlockError:
            continue
    raise AssertionError("twenty races were lost")


def is_rejected(network: LocalNetwork, block: bytes) -> bool:
    return any(orphan.event.block_hash == block for orphan in opened(network).history().orphans)


def is_rejected_and_slashed(network: LocalNetwork, block: bytes) -> None:
    wait_until(lambda: is_rejected(network, block), "the founders reject it", LIMIT)
    events = opened(network).events()
    assert [event.block_hash for event in events if isinstance(event, BlockRejected)].count(block) == 1
    assert not [event for event in events if isinstance(event, BondReturned) and event.block_hash == block]
    bond = opened(network).deployment.parameters.bond
    assert [event.amount for event in events if isinstance(event, PoolFunded)].count(bond) >= 1

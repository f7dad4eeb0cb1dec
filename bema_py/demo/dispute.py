"""A false block in the demonstration: mined by a cheat, refused by honest miners, voted off by the founders."""

from dataclasses import replace
from typing import Any

from bema_py.chain.events import BlockSubmitted
from bema_py.core.leaves import RewardLeaf
from bema_py.core.types import hex0x
from bema_py.demo.cast import Cast
from bema_py.demo.settings import MAX_REWARD_PER_BLOCK, QUORUM
from bema_py.roles.assembly import AssembledBlock
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.network import ChainFollower, Network, TipRefusedError
from bema_py.roles.original_party import carry, reject


def play_dispute(network: Network, cast: Cast, height: int) -> dict[str, Any]:
    """Let the intruder mine a false block of this height and the founders reject it; goes on where it was interrupted.

    Returns what the report says about it.
    """
    history = network.history()
    account = cast.intruder.signer.address
    event = next((each.event for each in history.orphans if each.event.miner == account), None)
    if event is None:
        if len(history.blocks) < height:
            _cheat(network, cast)
        event = network.history().blocks[height - 1]
        fault = _fault(network)
        votes = [
            reject(network, founder.signer, event.block_hash, fault) for founder in cast.founders[:QUORUM]
        ]
        carry(network, cast.founders[0].signer, votes)
    return _row(network, event)


def _cheat(network: Network, cast: Cast) -> None:
    """Mine a block that allots all that a block may allot to its miner."""
    miner = BlockMiner(network, cast.intruder.signer)
    draft = miner.draft()
    miner.seal(replace(draft, assembled=_greedy(draft.assembled)))


def _greedy(block: AssembledBlock) -> AssembledBlock:
    miner = block.body.record.miner
    others = [leaf for leaf in block.body.rewards if leaf.account != miner]
    leaves = sorted([*others, RewardLeaf(miner, MAX_REWARD_PER_BLOCK)], key=lambda leaf: leaf.account)
    return replace(block, body=replace(block.body, rewards=tuple(leaves)))


def _fault(network: Network) -> str:
    """Return what an honest participant finds false at the tip."""
    try:
        ChainFollower(network).catch_up(network.history())
    except TipRefusedError as error:
        return error.reason
    raise AssertionError("the intruder's block is false")


def _row(network: Network, event: BlockSubmitted) -> dict[str, Any]:
    orphan = next(each for each in network.history().orphans if each.event.block_hash == event.block_hash)
    return {
        "height": event.height,
        "hash": hex0x(event.block_hash),
        "votes": len(orphan.rejection.signatures),
        "bond": str(network.deployment.parameters.bond),
    }

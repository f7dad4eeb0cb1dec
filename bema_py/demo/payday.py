"""The end of the demonstration's network life: challenge windows pass, and rewards and bonds are paid."""

from typing import Any

from bema_py.chain.signers import Signer
from bema_py.core.leaves import RewardLeaf
from bema_py.demo.cast import Cast
from bema_py.roles.content import load_body
from bema_py.roles.network import Network
from bema_py.roles.payment import claim, withdraw_bonds


def pay(network: Network, cast: Cast) -> list[dict[str, Any]]:
    """Let the miner of block 1 and one party claim what they earned; returns what the report says about it.

    Goes on where it was interrupted: who has claimed does not claim again.
    """
    history = network.history()
    miner = next(entry for entry in cast.miners if entry[1].address == history.blocks[0].miner)
    if not history.claimed:
        network.contract.chain.advance(network.deployment.parameters.challenge_window + 1)
    newest = load_body(network.store, history.blocks[-1].body_digest).rewards
    return [_paid(network, name, signer) for name, signer in (miner, *_party(cast, newest))]


def _party(cast: Cast, rewards: tuple[RewardLeaf, ...]) -> list[tuple[str, Signer]]:
    """Return the party that earned most with its samples alone, if any did."""
    miners = {signer.address for _, signer in cast.miners}
    earned = {leaf.account: leaf.cumulative for leaf in rewards if leaf.account not in miners}
    paid = [player for player in cast.players if player.signer.address in earned]
    paid.sort(key=lambda player: -earned[player.signer.address])
    return [(player.name, player.signer) for player in paid[:1]]


def _paid(network: Network, name: str, signer: Signer) -> dict[str, Any]:
    history = network.history()
    withdraw_bonds(network, history, signer)
    if signer.address not in history.claimed:
        claim(network, history, signer)
    figures = network.contract.rewards_of(signer.address)
    if figures.withdrawn < figures.claimed:
        network.contract.withdraw(signer, signer.address)
    return {"who": name, "wei": str(figures.claimed)}

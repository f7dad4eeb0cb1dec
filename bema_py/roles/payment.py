"""How an account comes by its rewards, and a miner by its bonds."""

from dataclasses import dataclass

from bema_py.chain.events import BlockSubmitted
from bema_py.chain.signers import Signer
from bema_py.core.block_body import BlockBody
from bema_py.core.errors import PolicyError
from bema_py.core.leaves import RewardLeaf
from bema_py.core.merkle import merkle_proof
from bema_py.core.types import Address, BlockHash, hex0x
from bema_py.roles.content import load_body
from bema_py.roles.history import History
from bema_py.roles.network import Network


@dataclass(frozen=True)
class Claim:
    """A claim that the contract accepted: the block claimed against, what moved, and all earned up to it, in wei."""

    height: int
    amount: int
    cumulative: int


@dataclass(frozen=True)
class Entitlement:
    """A final block's leaf that states what an account has earned in all, in wei, and where it lies in the body."""

    event: BlockSubmitted
    body: BlockBody
    index: int
    cumulative: int


def entitlement(network: Network, history: History, account: Address) -> Entitlement | None:
    """Return the newest final block's leaf of an account, if any."""
    for event in reversed(final_blocks(network, history)):
        if _paid_no_more(history, account, event.position.time):
            continue
        body = load_body(network.store, event.body_digest)
        for index, leaf in enumerate(body.entries()):
            if isinstance(leaf, RewardLeaf) and leaf.account == account:
                return Entitlement(event, body, index, leaf.cumulative)
    return None


def claim(network: Network, history: History, signer: Signer) -> Claim:
    """Claim all that the newest final block with a leaf of the signer's account allots; raises PolicyError."""
    due = entitlement(network, history, signer.address)
    if due is None:
        raise PolicyError(f"no final block allots anything to account {hex0x(signer.address)}")
    leaves = due.body.leaves()
    proof = merkle_proof(leaves, due.index)
    done = network.contract.claim_reward(
        signer, due.event.header, len(leaves), due.index, due.cumulative, proof
    )
    return Claim(due.event.height, done.event.amount, due.cumulative)


def withdraw_bonds(network: Network, history: History, signer: Signer) -> list[BlockHash]:
    """Take back the signer's bonds of blocks that are final, or orphaned without being rejected; return the blocks."""
    if not network.deployment.parameters.bond:
        return []
    free = [*final_blocks(network, history), *(each.event for each in history.orphans if not each.rejected)]
    due = [
        event.block_hash
        for event in free
        if event.miner == signer.address and event.block_hash not in history.returned
    ]
    for block_hash in due:
        network.contract.withdraw_bond(signer, block_hash, signer.address)
    return due


def final_blocks(network: Network, history: History) -> list[BlockSubmitted]:
    """Return the blocks of the chain whose challenge window is closed, by height."""
    now = network.contract.chain.head().timestamp
    window = network.deployment.parameters.challenge_window
    return [event for event in history.blocks if event.position.time + window < now]


def _paid_no_more(history: History, account: Address, submitted: int) -> bool:
    """Whether an account was suspended when a block was submitted at this chain time."""
    party = history.party_of(account)
    suspension = history.suspensions.get(party.party) if party else None
    return suspension is not None and suspension.position.time <= submitted

"""What a block allots to whom: a pure rule, walked by miners and auditors alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bema_py.core.leaves import RewardLeaf, SampleLeaf
from bema_py.core.rules import Rules
from bema_py.core.types import Address, PartyId


@dataclass(frozen=True)
class Purse:
    """What a block may allot from: what accounts earned before it, whose account a party's is, and wei left for it."""

    earned: Mapping[Address, int]
    accounts: Mapping[PartyId, Address]
    available: int


def payments(
    purse: Purse, rules: Rules, samples: Iterable[SampleLeaf], miner: Address
) -> list[tuple[Address, int]]:
    """Return what a block allots, in wei and in order: each used sample to its owner's account, the block to its miner.

    The samples are in order of their ids. Each gets its due while anything is left, then what is left, then nothing.
    """
    left = purse.available
    # Only an altered history has owners that never registered; the audit names them elsewhere.
    known = [leaf.owner for leaf in samples if leaf.owner in purse.accounts]
    due = [(purse.accounts[owner], rules.sample_reward) for owner in known]
    paid = []
    for account, reward in [*due, (miner, rules.block_reward)]:
        paid.append((account, min(reward, left)))
        left -= paid[-1][1]
    return paid


def reward_leaves(
    purse: Purse, rules: Rules, samples: Iterable[SampleLeaf], miner: Address
) -> tuple[RewardLeaf, ...]:
    """Return the cumulative rewards after a block, ascending by account (protocol, section 5)."""
    earned = dict(purse.earned)
    for account, amount in payments(purse, rules, samples, miner):
        earned[account] = earned.get(account, 0) + amount
    return tuple(RewardLeaf(account, amount) for account, amount in sorted(earned.items()) if amount)

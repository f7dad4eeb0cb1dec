"""The contract's methods for bonds, the pool and rewards; amounts are in wei."""

from collections.abc import Sequence
from dataclasses import dataclass

from bema_py.chain.calls import ContractCalls, Done, done
from bema_py.chain.events import BondReturned, PoolFunded, RewardClaimed, RewardWithdrawn
from bema_py.chain.signers import Signer
from bema_py.core.types import Address, BlockHash, Digest


@dataclass(frozen=True)
class PoolState:
    """All that ever came into the pool, all that was ever claimed, the highest block claimed against."""

    funded: int
    claimed: int
    finalised_height: int


@dataclass(frozen=True)
class RewardState:
    """What an account has claimed in all, and taken out in all."""

    claimed: int
    withdrawn: int


class MoneyCalls(ContractCalls):
    """Payments are pulled: `to` is any address that accepts them; `gas` sends without an estimate."""

    def fund(self, signer: Signer, amount: int, *, gas: int | None = None) -> Done[PoolFunded]:
        """Pay into the pool that rewards come from."""
        return done(self._send(signer, "fund", (), gas, amount), PoolFunded)

    def withdraw_bond(
        self, signer: Signer, block_hash: BlockHash, to: Address, *, gas: int | None = None
    ) -> Done[BondReturned]:
        """Take back the bond of a block of the signer's that is final, or orphaned without being rejected itself."""
        return done(self._send(signer, "withdrawBond", (block_hash, to), gas), BondReturned)

    def claim_reward(
        self,
        signer: Signer,
        header: bytes,
        leaf_count: int,
        index: int,
        cumulative: int,
        siblings: Sequence[Digest],
        *,
        gas: int | None = None,
    ) -> Done[RewardClaimed]:
        """Claim all that a final block allots to the signer and that it has not claimed yet."""
        arguments = (header, leaf_count, index, cumulative, list(siblings))
        return done(self._send(signer, "claimReward", arguments, gas), RewardClaimed)

    def withdraw(self, signer: Signer, to: Address, *, gas: int | None = None) -> Done[RewardWithdrawn]:
        """Take out all that the signer has claimed and not yet taken."""
        return done(self._send(signer, "withdraw", (to,), gas), RewardWithdrawn)

    def pool(self) -> PoolState:
        """Give the pool's figures."""
        return PoolState(*self._view("pool", ()))

    def rewards_of(self, account: Address) -> RewardState:
        """Give an account's figures."""
        return RewardState(*self._view("rewardsOf", (account,)))

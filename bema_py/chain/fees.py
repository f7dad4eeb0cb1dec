"""EIP-1559 fees: what a transaction offers, from what recent blocks took, and what it offers if that was too little."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median_low
from typing import Any, Self

from bema_py.chain.connection import EMBEDDED, Chain
from bema_py.chain.errors import ChainResponseError, WaitTimeoutError
from bema_py.chain.send_errors import FeeCapError
from bema_py.chain.send_policy import SendPolicy

HISTORY = 10
"""Blocks whose tips are looked at."""
PERCENTILE = 50
RAISE_NUMERATOR, RAISE_DENOMINATOR = 9, 8
"""Nodes take a replacement whose fees are both 10 % higher, some only with 12.5 %."""


@dataclass(frozen=True)
class Market:
    """What the next block costs: its base fee and a usual tip, wei a gas."""

    base_fee: int
    tip: int


@dataclass(frozen=True)
class Fees:
    """What a transaction offers at most, and of that to whoever builds the block; wei a gas."""

    max_fee: int
    priority: int

    @classmethod
    def of(cls, transaction: Mapping[str, Any]) -> Self:
        """Read them from a transaction."""
        return cls(transaction["maxFeePerGas"], transaction["maxPriorityFeePerGas"])

    def fields(self) -> dict[str, int]:
        """Give them as a transaction carries them."""
        return {"maxFeePerGas": self.max_fee, "maxPriorityFeePerGas": self.priority}


def read_market(chain: Chain) -> Market:
    """Ask what the next block costs.

    Where the node keeps no history of fees, or nobody paid tips, the tip is the one that the node suggests.
    """
    if chain.url != EMBEDDED:  # which has no market
        try:
            history = chain.request("eth_feeHistory", [hex(HISTORY), "latest", [PERCENTILE]])
            base_fee, tips = int(history["baseFeePerGas"][-1], 16), _tips(history)
        except (ChainResponseError, KeyError, IndexError, TypeError, ValueError):
            pass
        else:
            return Market(base_fee, median_low(tips) if tips else _node_tip(chain))
    return Market(chain.head().base_fee, _node_tip(chain))


def choose_fees(chain: Chain, policy: SendPolicy, timeout: float) -> Fees:
    """Offer a tip above a base fee that may double meanwhile, and never more than the cap.

    Waits `timeout` seconds for a base fee within the cap; raises `FeeCapError`.
    """
    cap = policy.max_fee
    market = read_market(chain)
    if cap is not None and market.base_fee > cap:
        market = _wait_for_cap(chain, cap, timeout)
    tip = market.tip if policy.priority is None else policy.priority
    return _within(cap, Fees(2 * market.base_fee + tip, tip))


def raise_fees(fees: Fees, market: Market, cap: int | None) -> Fees | None:
    """Give fees that a node takes in place of these and that suit the market; None where the cap leaves no room."""
    least = Fees(_raised(fees.max_fee), _raised(fees.priority))
    if cap is not None and least.max_fee > cap:
        return None
    tip = max(least.priority, market.tip)
    return _within(cap, Fees(max(least.max_fee, 2 * market.base_fee + tip), tip))


def _wait_for_cap(chain: Chain, cap: int, timeout: float) -> Market:
    def within() -> Market | None:
        market = read_market(chain)
        return market if market.base_fee <= cap else None

    try:
        return chain.wait_for(within, f"a base fee of at most {cap} wei", timeout)
    except WaitTimeoutError as error:
        raise FeeCapError(read_market(chain).base_fee, cap, timeout) from error


def _within(cap: int | None, fees: Fees) -> Fees:
    max_fee = fees.max_fee if cap is None else min(fees.max_fee, cap)
    return Fees(max_fee, min(fees.priority, max_fee))


def _raised(fee: int) -> int:
    return -(-fee * RAISE_NUMERATOR // RAISE_DENOMINATOR)


def _tips(history: Mapping[str, Any]) -> list[int]:
    """Give the median tips of the blocks that had transactions."""
    pairs = zip(history["reward"], history["gasUsedRatio"], strict=True)
    return [int(rewards[0], 16) for rewards, used in pairs if used > 0]


def _node_tip(chain: Chain) -> int:
    with chain.answering():
        return int(chain.web3.eth.max_priority_fee)

"""How an account's transactions are sent: what they may cost, and how long and how deep in the chain is waited for."""

from dataclasses import dataclass
from pathlib import Path

GWEI = 10**9


@dataclass(frozen=True)
class SendPolicy:
    """Fees are wei a gas; times are seconds.

    max_fee: never offered more, None without a bound. priority: the tip, None for what recent blocks took.
    gas_margin_percent: gas above the estimate, for the state may change before the block comes; unused gas costs
    nothing. confirmations: blocks that hold a transaction or lie on the one that does, 1 for that one alone.
    timeout: until a transaction has them. replace_after: without a block taking a transaction, until one with higher
    fees takes its place, at most `replacements` times. journal: the directory in which signed transactions are kept
    until their outcome is known, None for none.
    """

    max_fee: int | None = None
    priority: int | None = None
    gas_margin_percent: int = 25
    confirmations: int = 1
    timeout: float = 180.0
    replace_after: float = 60.0
    replacements: int = 5
    journal: Path | None = None

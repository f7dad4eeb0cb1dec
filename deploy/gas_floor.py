"""The least that a transaction can cost, and how far above it each kind may lie.

A floor is 21,000 plus calldata and the storage, log and precompile operations of the layout: the price of those alone,
so no implementation of the same layout can be cheaper. A row is what `deploy.gas` measures of one kind: its gas and how
much there is of each term.
"""

from collections.abc import Mapping

Row = Mapping[str, int]

BASE = 21_000
# Prices of Cancun: EIP-2028, EIP-2929, EIP-2200, EIP-3529. A precompile's and a payment's include the warm call, a
# payment's leaves out the stipend, which its receiver gives back.
PRICES = {
    "zeros": 4,
    "nonzeros": 16,
    "slots_read": 2_100,
    "slots_changed": 5_000,
    "slots_new": 22_100,
    "slots_cleared": 5_000,
    "logs": 375,
    "topics": 375,
    "log_bytes": 8,
    "sha256_calls": 160,
    "sha256_words": 12,
    "recoveries": 3_100,
    "payments": 6_800,
}
TERMS = (
    ("calldata", ("zeros", "nonzeros")),
    ("slots read", ("slots_read",)),
    ("slots changed", ("slots_changed", "slots_cleared")),
    ("slots new", ("slots_new",)),
    ("logs", ("logs", "topics", "log_bytes")),
    ("SHA-256", ("sha256_calls", "sha256_words")),
    ("ecrecover", ("recoveries",)),
    ("payment", ("payments",)),
)
# EIP-7623, from Prague on: a transaction pays at least this for its calldata; a nonzero byte counts four times.
_PRAGUE_TOKEN = 10

BOUND = 1.06
PROOF_BOUND = 1.10
_PROOFS = (
    "claim_reward",
    "reject_decreased_reward",
    "reject_false_leaf",
    "reject_unordered_leaves",
    "verify_inclusion",
)


def floor(row: Row) -> int:
    """Return the least gas with which the operation's storage, logs, precompiles and calldata can be had."""
    return BASE + sum(row[term] * price for term, price in PRICES.items())


def prague(row: Row) -> int:
    """Return the gas from Prague on, where calldata alone may set the price."""
    tokens = row["zeros"] + 4 * row["nonzeros"]
    return max(row["gas"], BASE + _PRAGUE_TOKEN * tokens)


def ratio(row: Row) -> float:
    """Return the gas as a multiple of its floor."""
    return row["gas"] / floor(row)


def bound(name: str) -> float:
    """Return the multiple of its floor that a kind of transaction is to keep."""
    return PROOF_BOUND if name.startswith(_PROOFS) else BOUND


def violations(rows: Mapping[str, Row]) -> list[str]:
    """List the kinds above their bound."""
    return [
        f"{name}: {row['gas']:,} gas is {ratio(row):.4f} of its floor, above {bound(name)}"
        for name, row in rows.items()
        if ratio(row) > bound(name)
    ]

"""The bounds on what transactions cost."""

import json
from pathlib import Path

import pytest

import deploy.gas_floor as gas

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = json.loads((ROOT / "tests" / "snapshots" / "gas.json").read_text())


def _row(total: int, **terms: int) -> dict[str, int]:
    return dict.fromkeys(gas.PRICES, 0) | terms | {"gas": total}


def test_floor_is_the_sum_of_its_terms() -> None:
    row = _row(
        0, zeros=1, nonzeros=2, slots_read=1, slots_new=1, logs=1, topics=2, log_bytes=32, recoveries=1
    )
    assert gas.floor(row) == 21_000 + 4 + 32 + 2_100 + 22_100 + 375 + 750 + 256 + 3_100


def test_hash_costs_its_call_and_its_words() -> None:
    assert gas.floor(_row(0, sha256_calls=2, sha256_words=5)) == 21_000 + 2 * (60 + 100) + 5 * 12


def test_prague_counts_a_nonzero_byte_four_times() -> None:
    assert gas.prague(_row(30_000, zeros=100, nonzeros=100)) == 30_000
    assert gas.prague(_row(22_000, zeros=100, nonzeros=100)) == 21_000 + 10 * 500


@pytest.mark.parametrize(("name", "limit"), [("submit_block", 1.06), ("verify_inclusion_16_leaves", 1.10)])
def test_kind_above_its_bound_is_named(name: str, limit: float) -> None:
    assert gas.bound(name) == limit
    most = int(21_000 * limit)
    assert gas.violations({name: _row(most)}) == []
    (violation,) = gas.violations({name: _row(most + 1)})
    assert violation.startswith(f"{name}: {most + 1:,} gas is ")


def test_block_costs_at_most_69_500_whatever_its_samples() -> None:
    assert all(cost <= 69_500 for name, cost in SNAPSHOT.items() if name.startswith("submit_block_1"))
    assert SNAPSHOT["submit_block"] <= 69_500

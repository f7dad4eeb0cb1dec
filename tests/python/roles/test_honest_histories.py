"""Honest histories drawn from seeds raise no false alarm: a few again, all in the committed file."""

import json
from pathlib import Path
from typing import Any

import pytest
from auditing.honest import row_of

RESULT: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs" / "results" / "honest.json").read_text()
)
ROWS: list[dict[str, Any]] = RESULT["rows"]
QUICK = sorted(ROWS, key=lambda row: row["blocks"] + row["orphans"] + 2 * sum(row["steps"].values()))[:2]


def test_the_committed_histories_are_many_and_clean() -> None:
    assert RESULT["histories"] == len(ROWS) == len({row["seed"] for row in ROWS})
    assert RESULT["false_alarms"] == 0
    assert not any(row["alarms"] for row in ROWS)
    happened = {name for row in ROWS for name in row["steps"]}
    assert {"rollback", "false_block", "suspension", "joining", "expired_commitment", "payday"} <= happened
    assert {row["witness"] for row in ROWS} == {True, False}


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row["seed"])
def test_a_seed_gives_its_committed_row(row: dict[str, Any]) -> None:
    assert row_of(row["seed"]) == row

"""What is committed under docs/results rests on the records beside it: each command gives the same figures again."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bema_py.cli.main import app

RESULTS = Path(__file__).parents[3] / "docs" / "results"
COMMAND = re.compile(r"Command: `bema (experiment (?!theorems|witness).+?)`")
"""Those two compute most of their figures anew: minutes of work that no record spares."""
PAGES = {
    str(path.relative_to(RESULTS)): found.group(1)
    for path in sorted(RESULTS.rglob("*.md"))
    if (found := COMMAND.search(path.read_text()))
}


def test_every_study_has_a_page():
    assert {command.split()[1] for command in PAGES.values()} == {
        "ablation",
        "attacks",
        "fig6",
        "omega",
        "table1",
    }


@pytest.mark.parametrize("page", PAGES)
def test_a_committed_result_follows_from_its_records(page, tmp_path, monkeypatch):
    # The page says how long local training took, and which models that were only the data tells.
    monkeypatch.setattr("bema_py.experiments.studies.training_seconds", lambda _plans, _cache: 0.0)
    codes = re.findall(r"Code of \d+ runs: (\w+)\.", (RESULTS / page).read_text())
    command = [str(tmp_path / "nowhere") if word == "DIR" else word for word in PAGES[page].split()]
    options = ["--cache", str(RESULTS / "records"), "--accept", ",".join(codes), "--out", str(tmp_path)]
    result = CliRunner().invoke(app, [*command, *options])
    assert result.exit_code == 0, result.output
    committed = (RESULTS / page).with_suffix(".json")
    assert (tmp_path / committed.name).read_bytes() == committed.read_bytes()

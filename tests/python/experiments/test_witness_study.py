"""A small version of the witness study, on digits and short local training."""

import json
from pathlib import Path

from bema_py.core.types import Digest
from bema_py.experiments.plans import Source
from bema_py.experiments.setups import Budget, setup_of
from bema_py.experiments.studies import StudySettings
from bema_py.experiments.witness_study import samples_until_failed, witness_study
from bema_py.experiments.witnessing import witness_rules


def settings(directory: Path) -> StudySettings:
    return StudySettings(
        name="witness",
        source=Source("digits", tune=True),
        setup=setup_of("digits"),
        budget=Budget(1, scan=300),
        seeds=(1,),
        cases=("C",),
        methods=("bema",),
        cache=directory / "cache",
        out=directory / "out",
        jobs=1,
    )


def test_bogus_samples_are_refused_more_often_than_honest_ones(tmp_path: Path) -> None:
    rows = witness_study(settings(tmp_path), lambda *_: None)
    assert json.loads((tmp_path / "out/witness_tune.json").read_text()) == rows
    by_rules = {row["rules"]: row for row in rows}
    wide = by_rules["any margin"]
    assert wide["honest"] > by_rules["eqs. 8 to 10"]["honest"]
    assert wide["honest_refused"] * 4 < wide["honest"]
    assert wide["bogus_refused"] * 4 > 3 * wide["bogus"] > 0
    assert wide["authors"] == 2
    assert "| C | any margin | 1 |" in (tmp_path / "out/witness_tune.md").read_text()


def test_an_author_fails_by_refusals_that_outweigh_what_is_accepted() -> None:
    rules = witness_rules([Digest(bytes(32))])
    assert samples_until_failed([True] * 20, rules) == 8
    assert samples_until_failed([True, False] * 20, rules) == 19
    assert samples_until_failed([True, False, False, False, False] * 20, rules) is None

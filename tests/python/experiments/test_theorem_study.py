"""A small version of the study of the theorems, and its parts by hand."""

import json
from fractions import Fraction

import numpy as np
import pytest

from bema_py.experiments.affine import AffineCase, AffineClass, hostile_cases, random_case
from bema_py.experiments.score_sets import (
    COVERED,
    UNCOVERED,
    ScoreSets,
    Shape,
    hostile_sets,
    random_sets,
    slack,
    small_sets,
)
from bema_py.experiments.setups import Budget
from bema_py.experiments.tally import LEMMA_1, THEOREM_2, Findings, Tally, aggregate_tally, lemma_tally
from bema_py.experiments.theorem_examples import examples
from bema_py.experiments.theorem_run import liars_of
from bema_py.experiments.theorem_study import theorem_study
from bema_py.learning.cases import CASES, build_case
from bema_py.learning.datasets import load_digits_dataset


def silent(_stage, _count, _total):
    pass


def sets(values, malicious, neighbours):
    flags = tuple(row not in malicious for row in range(len(values)))
    return ScoreSets(np.array(values, dtype=np.int64)[:, None], flags, neighbours)


def test_theorems_small(settings, again):
    """Five parties in case C hold each class twice, so nobody may lie and the bounds are those of honest scores."""
    small = settings(("C",), ("bema-alpha-1-3",), budget=Budget(1, scan=200))
    results = theorem_study(small, silent, sets=100)
    assert json.loads((small.out / "study_tune.json").read_text()) == results
    rows = {(row["statement"], row["source"]): row for row in results["rows"]}
    for (_, source), row in rows.items():
        if source != "random, not 2f < m < K":
            assert row["corrected"] == 0
    assert (
        rows["Theorem 2", "all small scores"]["printed"]
        > rows["Theorem 2", "all small scores"]["trivial"]
        > 0
    )
    assert rows["Theorem 2", "all small scores"]["least"] == "0"
    assert rows["Theorem 2", "random, not 2f < m < K"]["corrected"] > 0
    assert rows["Theorem 1", "hostile"]["printed"] > 0
    assert rows["Theorem 2", "run, case C"]["cases"] == 10 * 200
    assert all(example["fails"] for example in results["examples"])
    assert results["runs"] == [{"case": "C", "seed": 1, "liars": [], "chosen_anew": 0}]
    text = (small.out / "study_tune.md").read_text()
    assert "--sets 100`" in text
    assert "aggregate = 4/3" in text
    first = (small.out / "study_tune.svg").read_bytes()
    assert again(theorem_study, small, sets=100) == {"sets of scores": 4, "local models": 0, "runs": 0}
    assert json.loads((small.out / "study_tune.json").read_text()) == results
    assert (small.out / "study_tune.svg").read_bytes() == first


def test_every_shape_is_where_it_belongs():
    assert all(shape.covered for shape in COVERED)
    assert not any(shape.covered for shape in UNCOVERED)


def test_the_known_counterexample_is_counted_as_printed_and_not_as_corrected():
    check = sets([1, 2, 1, 0, 0], [1], 3).check()
    assert aggregate_tally(check, 3) == Tally(1, 1, 0, 0, Fraction(0))
    assert lemma_tally(check) == Tally(1, 0, 0, 0)
    assert aggregate_tally(sets([7] * 5, [], 3).check(), 3) == Tally(1, 1, 1, 0, Fraction(0))
    assert aggregate_tally(sets([0, 0, 1], [2], 3).check(), 3) == Tally(1, 1, 1, 1, Fraction(-1, 3))
    # 0, 3, 3, 9 with m = 3 sum to 6, and 0 <= 6 <= 9 leaves 6 and 3, thirds of 2 and 1.
    assert aggregate_tally(sets([0, 3, 3, 3], [], 3).check(), 3).least == Fraction(0)


def test_all_small_sets_have_every_place_of_the_liar():
    found = list(small_sets(Shape(2, 1, 1), 1))
    assert [each.honest for each in found] == [(False, True, True), (True, False, True), (True, True, False)]
    assert {tuple(column) for column in found[0].scores.T.tolist()} == {
        (a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)
    }


def test_an_attacker_comes_nearer_to_the_bound_than_chance():
    shape = Shape(8, 2, 5)
    start = list(random_sets(shape, 50, np.random.default_rng(3)))[2]
    tried = list(hostile_sets(start))
    least = min(int(slack(each.check()).min()) for each in tried)
    assert 0 <= least < int(slack(start.check()).min())
    # Honest scores are not the attacker's to choose.
    honest = np.array(start.honest)
    assert all((each.scores[honest] == start.scores[honest]).all() for each in tried)


def test_outside_its_condition_an_attacker_breaks_the_bound():
    start = list(random_sets(Shape(4, 1, 5), 50, np.random.default_rng(3)))[3]
    assert min(int(slack(each.check()).min()) for each in hostile_sets(start)) < 0


def test_findings_survive_being_kept():
    findings, again = Findings(), Findings()
    findings.see(sets([1, 2, 1, 0, 0], [1], 3))
    findings.see(sets([0, 5, 9, 12], [], 3))
    again.include(json.loads(json.dumps(findings.to_plain())))
    assert again.tallies == findings.tallies
    assert (again.places == findings.places).all()
    assert findings.tallies[THEOREM_2].cases == findings.tallies[LEMMA_1].cases == 2
    assert again.places.sum() == 2


def test_a_search_keeps_what_comes_nearer_and_never_leaves_the_corrected_bounds():
    random = np.random.default_rng(1)
    for _ in range(5):
        start = random_case(random)
        tallies = [case.tally() for case in hostile_cases(start, random)]
        assert all(tally.corrected == 0 for tally in tallies)
    cut = AffineCase(AffineClass((5,), (10,), 1), AffineClass((5,), (10,), 1), 1).tally()
    assert (cut.printed, cut.corrected, cut.least) == (1, 0, 0)


def test_every_example_fails_as_printed():
    found = examples()
    assert [each.fails for each in found] == [True] * 7
    assert found[0].demanded == "-1/3 < aggregate < 4/3"


@pytest.mark.parametrize(
    ("case", "alpha", "liars"), [("D-20", (2, 3), (2, 8, 14)), ("D", (2, 3), ()), ("C", (1, 1), ())]
)
def test_as_many_lie_as_every_class_withstands(case, alpha, liars):
    assert len(CASES[case].parties) > 4
    assert liars_of(build_case(case, load_digits_dataset(), 1), alpha) == liars

"""A small version of the study of eq. 2, on digits and short local training, and its thresholds by hand."""

import json

import numpy as np
import pytest

from bema_py.core.types import PartyId
from bema_py.experiments.code import code_digest
from bema_py.experiments.impostors import HONEST, NOISE, impostor_jobs, infiltrated, noisy_copy, target_class
from bema_py.experiments.keeping import KeptError, kept
from bema_py.experiments.machine import describe_machine
from bema_py.experiments.omega import NoRegistrantError, omega, units_of
from bema_py.experiments.omega_rates import admitted, thresholds_of
from bema_py.experiments.omega_units import omega_unit
from bema_py.experiments.roc import area_under_roc, chosen_threshold, rates, roc_curve
from bema_py.experiments.runs import open_case
from bema_py.experiments.setups import Budget
from bema_py.experiments.trigger import conspirators, triggered
from bema_py.experiments.world import open_world
from bema_py.learning.validation import deviation


def silent(_stage, _count, _total):
    pass


@pytest.fixture
def small(settings):
    return settings(("C",), ("bema",), budget=Budget(1, scan=400))


def test_omega_small(small, again):
    results = omega(small, silent)
    assert json.loads((small.out / "study_tune.json").read_text()) == results
    (chosen,) = results["thresholds"]
    # The only seed has to choose and to judge.
    assert (chosen["chosen_on"], chosen["judged"], chosen["separated"]) == (1, [1], True)
    by_attack = {row["attack"]: row for row in results["summary"]}
    assert by_attack[HONEST]["refused"] == 0
    assert by_attack["swapped labels"]["refused"] == by_attack["random parameters"]["refused"] == 1
    assert by_attack["swapped labels"]["area"] == 1
    # A copy deviates as its original does, and lies at distance 0 of it.
    assert by_attack["copy"]["area"] == 0.5
    assert (by_attack["copy"]["farthest"], by_attack["copy"]["copies"]) == (0, 1)
    assert by_attack["copy, 1 % noise"]["copies"] == 1
    assert by_attack["backdoor"]["refused"] == 0
    unmarked, marked = (
        next(row for row in results["triggers"] if (row["members"], row["block"]) == (count, 0))
        for count in (0, 1)
    )
    assert marked["success"]["single models"] > unmarked["success"]["single models"] + 0.3
    assert abs(marked["accuracy"]["krum mean"] - unmarked["accuracy"]["krum mean"]) < 0.2
    text = (small.out / "study_tune.md").read_text()
    assert "Chosen on seed 1: omega" in text
    assert (small.out / "study_tune.png").exists()
    assert again(omega, small) == {"local models": 0, "cases and seeds": 0}
    assert (small.out / "study_tune.md").read_text() == text


def test_the_unit_measures_what_a_founder_measures(small):
    unit = next(units_of(small))
    plan = unit.plans[0]
    world = open_world(open_case(plan), plan.seed, plan.setup.recipe, small.cache / "models")
    row = next(row for row in omega_unit(unit, small.cache)["measurements"] if row["founder"] == 1)
    assert (row["party"], row["attack"], row["vouched"]) == (2, HONEST, [2, 3])
    data = world.private[PartyId(1)].select(range(min(400, len(world.private[PartyId(1)]))))
    found = deviation(world.models[PartyId(2)], world.models[PartyId(1)], data, [2, 3])
    assert (row["deviation"], row["samples"]) == (found.per_sample, found.samples)


def test_a_case_of_founders_has_nobody_to_validate(settings):
    with pytest.raises(NoRegistrantError, match="case A has no regular party"):
        omega(settings(("A",), ("bema",)), silent)


def test_the_malicious_models_differ_in_their_data_alone(plan):
    usual = plan(case="D")
    case = open_case(usual)
    jobs = impostor_jobs(case, 1, usual.setup.recipe)
    assert {number for number, _ in jobs} == {1, 2, 4, 5, 7, 8}
    # Class 2 is held by parties 1 and 2, classes 1 and 3 by fewer regular ones or as many.
    assert [target_class(case, number) for number in (1, 2, 4)] == [2, 2, 4]
    swapped = jobs[1, "swapped labels"].party.private
    assert (swapped.labels != case.parties[1].private.labels).all()
    stamped = jobs[1, "backdoor"].party.private
    changed = (stamped.images != case.parties[1].private.images).any(axis=(1, 2, 3))
    assert set(stamped.labels[changed]) == {2}


def test_noise_moves_a_copy_by_its_share(plan, cache):
    usual = plan()
    world = open_world(open_case(usual), 1, usual.setup.recipe, cache / "models")
    model = world.models[PartyId(2)]
    assert noisy_copy(model, 0.0, 1).sha256() == model.sha256()
    moved = [
        np.abs(noisy_copy(model, share, 1).theta[0].astype(np.int64) - model.theta[0]).mean()
        for share in (*NOISE.values(),)
    ]
    assert moved == sorted(moved)
    false = infiltrated(world, {PartyId(2): noisy_copy(model, 0.1, 1)})
    assert false.members[1].model_card != world.members[1].model_card
    assert [member for member in false.members if member.party != 2] == [
        member for member in world.members if member.party != 2
    ]


def test_conspirators_want_the_same_class_and_its_trigger_is_on_all_others(plan, cache):
    usual = plan(case="D")
    world = open_world(open_case(usual), 1, usual.setup.recipe, cache / "models")
    assert conspirators(world) == (2, (2, 3))
    marked = triggered(world.case.test, 2)
    assert len(marked) == (world.case.test.labels != 2).sum()
    assert set(marked.labels) == {2}


def test_thresholds_lie_between_or_balance():
    assert chosen_threshold([0.1, 0.01], [0.9, 0.4]) == pytest.approx(0.2)
    assert chosen_threshold([0.1, 0.2, 0.5], [0.3, 0.9, 0.9]) == 0.2
    assert rates([0.1, 0.2], [0.2, 0.3], 0.2) == (0, 0.5)


def test_the_area_is_that_under_the_curve():
    honest, malicious = [0.1, 0.2, 0.2, 0.6], [0.2, 0.5, 0.7]
    points = np.array(roc_curve(honest, malicious))
    assert (points[0] == (0, 0)).all()
    assert (points[-1] == (1, 1)).all()
    assert area_under_roc(honest, malicious) == pytest.approx(np.trapezoid(points[:, 1], points[:, 0]))
    assert area_under_roc([0.3], [0.3]) == 0.5


def test_the_first_seed_chooses_and_the_others_are_judged():
    rows = [
        {"case": "C", "seed": seed, "attack": attack, "deviation": value, "nearest": value / 2}
        for seed, values in ((1, (0.01, 0.04, 0.16)), (2, (0.5, 0.6, 0.7)))
        for attack, value in zip((HONEST, "swapped labels", "backdoor"), values, strict=True)
    ]
    chosen = thresholds_of("C", rows, [1, 2])
    assert (chosen["omega"], chosen["omega_min"], chosen["judged"]) == (0.02, 0.0025, [2])
    assert thresholds_of("C", rows, [2])["judged"] == [2]


def test_a_registrant_needs_a_founder_for_every_class():
    rows = [
        {"case": "C", "party": 2, "vouched": [2, 3], "deviation": 0.1, "nearest": 0.05},
        {"case": "C", "party": 2, "vouched": [4, 5], "deviation": 0.3, "nearest": 0.05},
    ]
    assert admitted(rows, omega=0.3)
    assert not admitted(rows, omega=0.2)
    assert not admitted(rows, omega_min=0.05)
    assert not admitted(rows[:1])


def test_what_was_measured_is_read_and_a_broken_file_is_named(tmp_path):
    path = tmp_path / "unit.json"
    made = {"value": 1, "machine": describe_machine(), "code": code_digest()}
    assert kept(path, tmp_path, lambda: {"value": 1}) == made
    assert kept(path, tmp_path, lambda: pytest.fail("measured twice")) == made
    path.write_text("{")
    with pytest.raises(KeptError, match="unit"):
        kept(path, tmp_path, dict)

"""A small ablation: a few changes on digits with short local training."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bema_py.core.rules import SCORE_ONE
from bema_py.experiments import ablation as study
from bema_py.experiments.ablation import ablation, changes_of
from bema_py.experiments.ablation_runs import AblationRun, Looked, ablation_run, as_read
from bema_py.experiments.methods import EXTENDED_RULES, METHODS, PAPER_RULES, method_of
from bema_py.experiments.runs import begin, open_case, run
from bema_py.experiments.setups import Budget
from bema_py.experiments.variants import VARIANTS, Variant
from bema_py.experiments.world import open_world
from bema_py.learning.margin import judge
from bema_py.learning.scoring import class_scores


def silent(_stage, _count, _total):
    pass


def test_every_variant_changes_one_thing_and_is_a_method():
    for name, variant in VARIANTS.items():
        method, base = method_of(name), METHODS[variant.base]
        changed = {
            field
            for field in PAPER_RULES.__slots__
            if getattr(method.rules, field) != getattr(base.rules, field)
        }
        assert changed <= {*variant.changes, *variant.adopted}
        assert method.label.startswith(f"{base.label}, ")
    assert method_of("bema-with-tau").rules == replace(PAPER_RULES, tau=EXTENDED_RULES.tau)
    assert method_of("bema+-without-tau").rules == replace(EXTENDED_RULES, tau=0)
    assert method_of("bema-with-rehearsal").rehearsal == METHODS["bema+"].rehearsal
    assert method_of("bema+-without-rehearsal").rehearsal == 0


def test_a_change_that_changes_nothing_has_no_row(monkeypatch):
    monkeypatch.setitem(METHODS_OF_TEST, "bema-same", Variant("bema", "the same", {"tau": 0}))
    monkeypatch.setattr(study, "VARIANTS", METHODS_OF_TEST)
    monkeypatch.setattr("bema_py.experiments.methods.VARIANTS", METHODS_OF_TEST)
    assert "the same" not in {change.label for change in changes_of("D", ["bema"])}
    assert "tau .5" in {change.label for change in changes_of("D", ["bema"])}


METHODS_OF_TEST = dict(VARIANTS)


def test_the_reading_of_scored_classes_is_for_cases_with_a_public_set():
    assert "scored-classes" in {change.reading for change in changes_of("D", ["bema"])}
    assert "scored-classes" not in {change.reading for change in changes_of("D0", ["bema"])}
    extended = list(changes_of("D", ["bema+"]))
    assert {change.reading for change in extended} == {"as-ruled"}
    assert {change.method for change in extended} >= {"bema+", "bema+-without-replay", "bema+-without-shift"}
    assert not {change.method for change in extended}.intersection({"bema", "bema-with-replay"})


def test_ablation_small(settings, monkeypatch, again):
    kept = {name: VARIANTS[name] for name in ("bema-alpha-1-3", "bema-with-tau", "bema+-without-replay")}
    monkeypatch.setattr(study, "VARIANTS", kept)
    small = settings(("C",), ("bema",), budget=Budget(1, scan=400))
    rows = ablation(small, silent)
    assert [(row["method"], row["predictor"], row["reading"]) for row in rows] == [
        ("bema", "krum mean", "as-ruled"),
        ("bema", "max model", "as-ruled"),
        ("bema", "krum", "as-ruled"),
        ("bema", "krum mean", "strict-margin"),
        ("bema-alpha-1-3", "krum mean", "as-ruled"),
        ("bema-with-tau", "krum mean", "as-ruled"),
    ]
    paper, wide = rows[0], rows[5]
    assert wide["valid"] > paper["valid"] > 0
    assert paper["gain"]["mean"] == pytest.approx(paper["after"]["mean"] - paper["before"]["mean"])
    assert json.loads((small.out / "study_tune.json").read_text()) == rows
    text = (small.out / "study_tune.md").read_text()
    assert "## Case C, BEMA\n" in text
    assert "| BEMA+'s tau |" in text
    first = (small.out / "study_tune.svg").read_bytes()
    assert again(ablation, small) == {"local models": 0, "runs": 0}
    assert json.loads((small.out / "study_tune.json").read_text()) == rows
    assert (small.out / "study_tune.svg").read_bytes() == first


def test_a_run_of_the_ablation_is_the_run_of_its_method(plan, cache):
    usual, watched = run(plan(), cache), ablation_run(AblationRun(plan()), cache)
    assert [state for _, state in watched.curve] == [usual.curve[0][1], usual.curve[-1][1]]
    for block, counted in zip(usual.blocks, watched.blocks, strict=True):
        assert counted.items() >= block.items()
        assert counted["scanned"] >= counted["valid"] >= block["used"]


def test_a_strict_margin_leaves_out_samples_whose_margin_is_zero(plan, cache):
    """Models with all parameters 0 score every class alike, so every margin is 0."""
    usual = plan()
    world = open_world(open_case(usual), usual.seed, usual.setup.recipe, cache / "models")
    level = {
        party: replace(model, theta=tuple(np.zeros_like(values) for values in model.theta))
        for party, model in world.models.items()
    }
    system = begin(usual, replace(world, models=level))
    system.rules = replace(system.rules, delta=0, sigma=SCORE_ONE)
    data = world.private[1].select(range(20))
    labels = data.labels.astype(np.int64)
    scores = class_scores(list(level.values()), data.images, 10)
    assert all(each.valid for each in judge(scores, labels, system.membership, system.rules))
    loose, strict = Looked(strict=False), Looked(strict=True)
    assert loose.choose(system, scores, labels).all()
    assert not strict.choose(system, scores, labels).any()
    assert strict.taken() == loose.taken()
    assert strict.taken()["tied"] == 0


def test_under_the_reading_of_scored_classes_everybody_who_scores_a_class_holds_it(plan, cache):
    usual = plan(case="D")
    world = open_world(open_case(usual), usual.seed, usual.setup.recipe, cache / "models")
    system = begin(usual, as_read(world, "scored-classes"))
    assert all(len(system.membership.holders(label)) == 10 for label in range(10))
    assert as_read(world, "as-ruled") is world

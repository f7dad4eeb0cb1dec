import json
import shutil
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from bema_py.cli.main import app
from bema_py.core.errors import InputError
from bema_py.experiments import workers
from bema_py.experiments.code import code_digest
from bema_py.experiments.fig6 import fig6, figure_plans
from bema_py.experiments.machine import describe_machine
from bema_py.experiments.methods import UnknownMethodError
from bema_py.experiments.paper import table_1
from bema_py.experiments.records import record_path
from bema_py.experiments.setups import UnknownSetupError
from bema_py.experiments.studies import SeedsError, StartError, check_starts, mean_and_deviation
from bema_py.experiments.table1 import table1, table_text
from bema_py.experiments.workers import JobsError, run_plans
from bema_py.learning.cases import UnknownCaseError


def silent(_stage, _count, _total):
    pass


def test_table_1_small(settings, again):
    small = settings(("C",), ("hmr", "bema"))
    rows = table1(small, silent, (0, 30))
    assert [(row["method"], row["bogus"]) for row in rows] == [
        (method, bogus) for method in ("hmr", "bema") for bogus in (0, 30)
    ]
    fields = {"case", "parties", "method", "bogus", "accuracy_mean", "accuracy_std", "seeds", "blocks"}
    assert set(rows[0]) == fields
    assert rows[0]["parties"] == 5
    assert rows[0]["blocks"] == 2
    assert json.loads((small.out / "study_tune.json").read_text()) == rows
    first = (small.out / "study_tune.svg").read_bytes()
    assert again(table1, small, (0, 30)) == {"local models": 0, "runs": 0}
    assert json.loads((small.out / "study_tune.json").read_text()) == rows
    assert (small.out / "study_tune.svg").read_bytes() == first
    text = (small.out / "study_tune.md").read_text()
    assert "held-out training samples" in text
    assert "| C, BEMA (5-party) |" in text
    assert "--bogus 0,30" in text
    assert f"Machine of 4 runs: {describe_machine()}. " in text
    assert f"Code of 4 runs: {code_digest()}.\n" in text


def test_the_papers_numbers_stand_beside_mnist_only():
    row = {"case": "D", "method": "bema", "accuracy_mean": 0.5, "accuracy_std": 0.0, "seeds": [1]}
    rows = [{**row, "bogus": bogus} for bogus in (0, 30)]
    assert "| the paper's | 84.01 | - |" in table_text(rows, table_1("mnist"))
    assert "paper" not in table_text(rows, table_1("digits"))


def test_runs_that_begin_with_other_local_models_are_not_compared(settings, tmp_path):
    small = settings(("B", "C"), ("hmr", "bema"))
    plans = figure_plans(small)
    records = small.run(plans, silent)
    first = dict(records[0].curve[0][1])
    first["single models"] += 1 / 4096
    foreign = replace(records[0], curve=((0, first), *records[0].curve[1:]), machine="another")
    check_starts([foreign, *records[2:]])  # cases are not compared
    mixed = replace(small, cache=tmp_path / "mixed")
    shutil.copytree(small.cache, mixed.cache)
    record_path(plans[0], mixed.cache).write_bytes(foreign.to_json())
    with pytest.raises(StartError, match=r"case B, seed 1 .* \(played on another, .*\): play them again"):
        mixed.run(plans, silent)


def test_figure_6_small(settings):
    small = settings(("B", "C"), ("hmr", "hmr-refit", "bema", "fedavg", "centralised"))
    rows = fig6(small, silent)
    assert [row["case"] for row in rows] == ["B"] * 5 + ["C"] * 5
    bema = rows[2]
    assert [state["block"] for state in bema["curve"]] == [0, 1, 2]
    assert set(bema["curve"][0]["mean"]) == {"max model", "krum", "krum mean", "single models"}
    # Both begin with the same models.
    assert rows[0]["curve"][0] == bema["curve"][0]
    assert (small.out / "study_tune.png").exists()


def test_plain_training_has_models_and_results_of_its_own(settings):
    usual = settings(("C",), ("bema",))
    plain = replace(usual, setup=usual.setup.without_distortions())
    begins = [fig6(study, silent)[0]["curve"][0] for study in (usual, plain)]
    assert begins[0] != begins[1]
    said = [(usual.out / f"{name}.md").read_text() for name in ("study_tune", "study_plain_tune")]
    assert ["--plain --tune`" in text for text in said] == [False, True]
    assert "80 batches of 16, augmented." in said[0]
    assert "80 batches of 16, plain." in said[1]


def test_a_figure_asks_fedavg_only_of_models_of_one_kind(settings):
    plans = figure_plans(settings(("A", "D"), ("fedavg", "bema")))
    assert [(plan.case, plan.method) for plan in plans] == [("A", "fedavg"), ("A", "bema"), ("D", "bema")]


def test_two_processes_give_what_one_gives(settings, tmp_path):
    small = settings(("B",), ("hmr", "bema"))
    plans = [plan for method in small.methods for plan in small.plans("B", method, 0)]
    alone = run_plans(plans, small.cache, 1, silent)
    shutil.copytree(small.cache / "models", tmp_path / "two" / "models")
    shared = run_plans(plans, tmp_path / "two", 2, silent)
    assert [record.curve for record in shared] == [record.curve for record in alone]


def test_a_model_is_trained_once_for_all_methods(settings, tmp_path):
    small = settings(("B",), ("hmr", "bema", "fedavg"))
    plans = [plan for method in small.methods for plan in small.plans("B", method, 0)]
    stages = {}
    training = workers.local_training(plans)
    workers.train_missing(training, tmp_path, 1, lambda stage, count, _total: stages.update({stage: count}))
    assert stages == {"local models": 2}
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


def test_mean_and_deviation_of_a_sample():
    assert mean_and_deviation([0.5]) == (0.5, 0.0)
    assert mean_and_deviation([0.4, 0.6]) == pytest.approx((0.5, 0.1414213562))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"cases": ("E",)}, UnknownCaseError),
        ({"methods": ("best",)}, UnknownMethodError),
        ({"seeds": ()}, SeedsError),
        ({"seeds": (1, 1)}, SeedsError),
    ],
)
def test_unknown_choices_are_refused(settings, changes, error):
    with pytest.raises(error):
        settings(**{"cases": ("C",), "methods": ("bema",)} | changes)


def test_jobs_are_one_or_two(settings):
    with pytest.raises(JobsError, match="jobs is 3, 1 to 2"):
        run_plans([], settings((), ()).cache, 3, silent)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        (["--dataset", "letters"], UnknownSetupError, "'letters', choose one of digits, mnist"),
        (["--seeds", "1,x"], InputError, "seeds are '1,x'"),
        (["--blocks", "99"], InputError, "blocks is 99, 1 to 50"),
        (["--bogus", "0,95"], InputError, "bogus is 95 %, 0 to 90"),
        (["--bogus", "few"], InputError, "bogus are 'few'"),
        (["--cases", "Z"], UnknownCaseError, "no data case 'Z'"),
    ],
)
def test_the_command_explains_mistakes(options, error, said):
    result = CliRunner().invoke(app, ["experiment", "table1", *options])
    assert isinstance(result.exception, error)
    assert said in str(result.exception)

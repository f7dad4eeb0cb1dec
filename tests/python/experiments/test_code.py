"""A kept run knows the code that played it: no other code is served its record, unless somebody accepts it."""

import ast
from dataclasses import replace

import pytest

from bema_py.experiments import plans, records, runs
from bema_py.experiments.code import code_digest, digest_of, modules_behind
from bema_py.experiments.records import record_path
from bema_py.experiments.runs import run

SOURCE = '"""What it is."""\nONE = 1\n"""The unit."""\n\ndef twice(x):\n    """Double."""\n    return 2 * x\n'


def digest(source):
    return digest_of({"module": ast.parse(source)})


def test_comments_and_docstrings_do_not_count():
    other = '"""Else."""\nONE = 1  # one\n\n\ndef twice(x):\n\n    return (2 * x)\n'
    assert digest(SOURCE) == digest(other)


@pytest.mark.parametrize(
    ("was", "becomes"), [("2 * x", "3 * x"), ("ONE = 1", "ONE = 2"), ("twice(x)", "twice(y)")]
)
def test_code_counts(was, becomes):
    assert digest(SOURCE) != digest(SOURCE.replace(was, becomes))


def test_what_plays_a_run_counts_and_what_writes_pages_does_not():
    modules = modules_behind("bema_py.experiments.runs")
    assert {
        "bema_py.core.rules",
        "bema_py.experiments.engine",
        "bema_py.learning.calibration",
        "bema_py.learning.rounds",
        "bema_py.learning.training",
        "bema_py.roles.assembly",
    } <= set(modules)
    assert not {"bema_py.experiments.table1", "bema_py.roles.network", "bema_py.chain.connection"} & set(
        modules
    )


def code_is(monkeypatch, code):
    for module in (plans, records):
        monkeypatch.setattr(module, "code_digest", lambda: code)


def test_other_code_plays_anew_unless_the_old_one_is_accepted(plan, cache, monkeypatch):
    wanted = plan("bema", blocks=1, seed=9)
    code_is(monkeypatch, "0" * 12)
    kept = run(wanted, cache)
    assert kept.code == "0" * 12
    code_is(monkeypatch, "1" * 12)
    assert not record_path(wanted, cache).exists()
    monkeypatch.setattr(runs, "played_blocks", lambda *_: pytest.fail("an accepted run was played again"))
    assert run(replace(wanted, accepted=("2" * 12, "0" * 12)), cache) == kept


def test_runs_from_before_codes_were_noted_are_found_by_none(plan):
    assert replace(plan(), accepted=("",)).names == (plan().named(code_digest()), plan().named(""))

"""The demonstration: repeatable, interruptible anywhere, and its run can be audited later."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from rich.console import Console

from bema_py.core.errors import InputError
from bema_py.demo import settings as demo_settings
from bema_py.demo.record import RunNotes
from bema_py.demo.scenario import run_demo
from bema_py.demo.settings import DemoSettings, claim_directory
from bema_py.roles.auditor import audit
from bema_py.roles.checks import CheckBook
from bema_py.roles.run_record import check_run, read_run

QUICK = DemoSettings(blocks=2, seed=3)


@pytest.fixture(autouse=True)
def short_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train for seconds instead of minutes; everything after training is the real thing."""
    tuning = demo_settings.TUNINGS["digits"]
    quick = replace(
        tuning,
        recipe=replace(tuning.recipe, steps=100),
        centralised_recipe=replace(tuning.centralised_recipe, steps=20),
        rules=replace(tuning.rules, delta=0, sigma=2**24),
        thresholds=replace(tuning.thresholds, omega=2**22 + 2**21),
        scan=40,
        quota=6,
    )
    monkeypatch.setattr(demo_settings, "TUNINGS", MappingProxyType({"digits": quick}))


def play(directory: Path, settings: DemoSettings = QUICK) -> tuple[RunNotes, int, str]:
    console = Console(file=io.StringIO(), width=200)
    notes, code = run_demo(settings, directory, console)
    assert isinstance(console.file, io.StringIO)
    return notes, code, console.file.getvalue()


def audited_later(directory: Path, notes: RunNotes) -> int:
    book = CheckBook()
    check_run(book, directory, bytes.fromhex(notes.manifest[2:]))
    record = read_run(directory)
    return audit(record.deployment, record.events, record.store, book=book).exit_code


def test_two_runs_with_one_seed_give_the_same_roots(tmp_path: Path) -> None:
    first, code, shown = play(tmp_path / "first")
    second, _, _ = play(tmp_path / "second")
    assert code == 0
    assert [block["root"] for block in first.blocks] == [block["root"] for block in second.blocks]
    assert first.manifest == second.manifest
    assert sum(block["used"] for block in first.blocks) > 0
    assert "2 of 2 blocks recomputed, 0 mismatches" in shown
    assert "intruder" in shown
    assert all(row["outcome"] == "refused" for row in first.admissions if row["newcomer"] == "intruder")
    assert all(trial["caught"] for trial in first.tampering)
    assert len(first.tampering) == 2
    assert "parameters" in first.tampering[0]["what"]
    assert any("leaf" in sentence and "party" in sentence for sentence in first.tampering[1]["found"])
    assert first.inclusion["holds"]
    assert (first.dispute["height"], first.dispute["votes"]) == (2, 2)
    assert first.rewards[0]["who"] == "hired miner"
    assert all(int(row["wei"]) > 0 for row in first.rewards)
    assert len(first.audit["orphaned"]) == 1
    assert audited_later(tmp_path / "first", first) == 0
    page = (tmp_path / "first/report.html").read_text()
    assert page.count("<svg") == 2
    assert "src=" not in page
    assert json.loads((tmp_path / "first/report.json").read_text())["manifest"] == first.manifest
    assert (tmp_path / "first/plots/accuracy.png").exists()


POINTS = (
    ("bema_py.demo.training.publish_model", 4),
    ("bema_py.demo.founding.publish_model", 3),
    ("bema_py.demo.admission.approve", 5),
    ("bema_py.demo.rounds.commit", 2),
    ("bema_py.demo.rounds.reveal", 3),
    ("bema_py.roles.block_miner.publish_model", 1),
    ("bema_py.roles.block_miner.search_nonce", 1),
    ("bema_py.demo.scenario.measure_accuracy", 1),
    ("bema_py.demo.dispute.reject", 2),
    ("bema_py.demo.payday.claim", 1),
    ("bema_py.demo.scenario.write_run", 1),
)


def interrupted(original: Callable[..., Any], call: int) -> Callable[..., Any]:
    calls = 0

    def replacement(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KeyboardInterrupt
        return original(*arguments, **options)

    return replacement


def test_an_interrupted_run_goes_on_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "run"
    for target, call in POINTS:
        module, name = target.rsplit(".", 1)
        original = getattr(__import__(module, fromlist=[name]), name)
        with monkeypatch.context() as patch:
            patch.setattr(target, interrupted(original, call))
            with pytest.raises(KeyboardInterrupt):
                play(directory)
    notes, code, shown = play(directory)
    assert code == 0
    assert shown.startswith("resuming in")
    assert [block["height"] for block in notes.blocks] == [1, 2]
    assert set(notes.accuracy) == {"before", "block 1", "block 2", "after"}
    assert len(notes.parties) == 10
    newcomers = [row["newcomer"] for row in notes.admissions]
    pairs = [(row["newcomer"], row["founder"]) for row in notes.admissions]
    assert len(set(newcomers)) == 7
    assert len(set(pairs)) == len(pairs)
    assert audited_later(directory, notes) == 0


def test_a_directory_is_claimed_resumed_or_left_alone(tmp_path: Path) -> None:
    wanted = tmp_path / "run"
    assert claim_directory(wanted, QUICK) == (wanted, False)
    assert claim_directory(wanted, QUICK) == (wanted, True)
    with pytest.raises(InputError, match="other settings \\(seed\\)"):
        claim_directory(wanted, replace(QUICK, seed=4))
    (wanted / "manifest.json").write_text("{}")
    assert claim_directory(wanted, QUICK) == (tmp_path / "run-2", False)
    other = tmp_path / "strange"
    other.mkdir()
    (other / "file").write_text("")
    with pytest.raises(InputError, match="holds no demonstration"):
        claim_directory(other, QUICK)

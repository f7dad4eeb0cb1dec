"""The ablation: the paper's rules and BEMA+ as they are, and with one thing at a time changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from bema_py.experiments.ablation_page import page
from bema_py.experiments.ablation_plot import draw_changes
from bema_py.experiments.ablation_runs import AblationRun, Reading, ablation_run, kept_run
from bema_py.experiments.evaluation import SINGLE
from bema_py.experiments.methods import method_of
from bema_py.experiments.records import RunRecord
from bema_py.experiments.studies import (
    StudySettings,
    check_starts,
    mean_and_deviation,
    provenance,
    write_results,
)
from bema_py.experiments.variants import VARIANTS
from bema_py.experiments.workers import Done, finish, local_training
from bema_py.learning.cases import CASES
from bema_py.learning.parties import TrainingJob

READINGS: Mapping[Reading, str] = MappingProxyType(
    {
        "strict-margin": "eq. 8 strict (by those who offer)",
        "scored-classes": "S(y): all that score y",
    }
)
"""The readings of the paper that no rules object expresses, and how the table names them."""
OTHER_PREDICTORS = ("max model", "krum")

Row = dict[str, Any]
"""case, method, reading, change, predictor, seeds, blocks; before, after, gain, single_before and single_after, each
with mean and std in 0..1; used: samples a block; valid: share of what was looked through; tied: share of the valid
samples with rho = 0; level: share of eq. 11's steps that its strict form would not take."""


@dataclass(frozen=True, slots=True)
class Change:
    """A row before it is measured."""

    label: str
    method: str
    predictor: str
    reading: Reading = "as-ruled"


def ablation(settings: StudySettings, done: Done) -> list[Row]:
    """Play the ablation's runs and write ablation.json, .md, .png and .svg; returns the rows."""
    pairs = [(case, change) for case in settings.cases for change in changes_of(case, settings.methods)]
    # A predictor is read off the run of its method, so several rows may share one run.
    runs = list(dict.fromkeys(run for pair in pairs for run in runs_of(settings, *pair)))
    found = finish(
        ablation_run, runs, kept_run, training_of, directory=settings.cache, jobs=settings.jobs, done=done
    )
    records = dict(zip(runs, found, strict=True))
    check_starts(found)
    rows = [
        row_of(change, [records[run] for run in runs_of(settings, case, change)]) for case, change in pairs
    ]
    made = provenance(settings, [run.plan for run in runs], found)
    write_results(settings, rows, page(rows, made))
    draw_changes(rows, settings.path("png"))
    return rows


def training_of(runs: Sequence[AblationRun]) -> Iterator[TrainingJob]:
    """Yield the local training that these runs begin with."""
    return local_training([run.plan for run in runs])


def changes_of(case: str, methods: Sequence[str]) -> Iterator[Change]:
    """Yield the rows of a case: every method as it is, then everything that is changed of it."""
    for name in methods:
        method = method_of(name)
        yield Change("as it is", name, method.predictor)
        for predictor in OTHER_PREDICTORS:
            yield Change(f"predictor: {predictor}", name, predictor)
        if name == "bema":
            yield Change(READINGS["strict-margin"], name, method.predictor, "strict-margin")
            # Without a public set a party's model scores the classes it holds and no other.
            if CASES[case].public is None:
                yield Change(READINGS["scored-classes"], name, method.predictor, "scored-classes")
        for variant, entry in VARIANTS.items():
            changed = method_of(variant)
            if entry.base == name and replace(changed, label=method.label) != method:
                yield Change(entry.label, variant, method.predictor)


def runs_of(settings: StudySettings, case: str, change: Change) -> list[AblationRun]:
    """Give a row's runs, one for each seed."""
    return [AblationRun(plan, change.reading) for plan in settings.plans(case, change.method, 0)]


def row_of(change: Change, records: Sequence[RunRecord]) -> Row:
    """Bring the seeds of one row together."""
    first, last = ([record.curve[end][1] for record in records] for end in (0, -1))
    before, after = ([state[change.predictor] for state in states] for states in (first, last))
    blocks = [block for record in records for block in record.blocks]
    total = {name: sum(block[name] for block in blocks) for name in blocks[0]}
    return {
        "case": records[0].case,
        "method": change.method,
        "reading": change.reading,
        "change": change.label,
        "predictor": change.predictor,
        "seeds": [record.seed for record in records],
        "blocks": len(records[0].blocks),
        "before": spread(before),
        "after": spread(after),
        "gain": spread([end - start for start, end in zip(before, after, strict=True)]),
        "single_before": spread([state[SINGLE] for state in first]),
        "single_after": spread([state[SINGLE] for state in last]),
        "used": round(total["used"] / len(blocks), 2),
        "valid": round(total["valid"] / max(total["scanned"], 1), 6),
        "tied": round(total["tied"] / max(total["valid"], 1), 6),
        "level": round(total["level"] / max(total["enhanced"], 1), 6),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Give the mean and the standard deviation."""
    mean, deviation = mean_and_deviation(values)
    return {"mean": round(mean, 6), "std": round(deviation, 6)}

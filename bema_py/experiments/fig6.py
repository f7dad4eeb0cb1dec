"""Figure 6: accuracy block by block in the four cases, with both baselines and the centralised line."""

from collections.abc import Sequence
from typing import Any

from bema_py.experiments.evaluation import SINGLE
from bema_py.experiments.methods import method_of
from bema_py.experiments.plans import RunPlan
from bema_py.experiments.plots import draw_curves
from bema_py.experiments.records import RunRecord
from bema_py.experiments.studies import (
    StudySettings,
    by_row,
    markdown_table,
    mean_and_deviation,
    percentages,
    provenance,
    write_results,
)
from bema_py.experiments.workers import Done
from bema_py.learning.cases import CASES

COLUMNS = ("max model", "krum", "krum mean", SINGLE)

Row = dict[str, Any]
"""case, method, seeds, and curve: a list of {block, mean, std}, each by predictor in 0..1."""


def fig6(settings: StudySettings, done: Done) -> list[Row]:
    """Play the figure's runs and write fig6.json, .md, .png and .svg; returns the rows."""
    plans = figure_plans(settings)
    records = settings.run(plans, done)
    rows = [
        {
            "case": case,
            "method": method,
            "seeds": [record.seed for record in found],
            "curve": mean_curve(found),
        }
        for (case, method, _), found in by_row(records).items()
    ]
    page = f"# Figure 6\n\n{provenance(settings, plans, records)}\n{figure_text(rows)}"
    write_results(settings, rows, page)
    draw_curves(rows, settings.path("png"))
    return rows


def figure_plans(settings: StudySettings) -> list[RunPlan]:
    """List every run of the figure; FedAvg only where all models are of one kind."""
    return [
        plan
        for case in settings.cases
        for method in settings.methods
        if method_of(method).calibration != "fedavg" or one_kind(case)
        for plan in settings.plans(case, method, 0)
    ]


def one_kind(case: str) -> bool:
    """Say whether all parties of a case have models of one kind."""
    return len({party.architecture for party in CASES[case].parties}) == 1


def mean_curve(records: Sequence[RunRecord]) -> list[Row]:
    """Average the curves of several seeds, predictor by predictor."""
    curve = []
    for states in zip(*(record.curve for record in records), strict=True):
        names = states[0][1].keys()
        found = {name: mean_and_deviation([state[1][name] for state in states]) for name in names}
        curve.append(
            {
                "block": states[0][0],
                "mean": {name: round(mean, 6) for name, (mean, _) in found.items()},
                "std": {name: round(deviation, 6) for name, (_, deviation) in found.items()},
            }
        )
    return curve


def figure_text(rows: Sequence[Row]) -> str:
    """Lay out the first and the last state of every curve, in per cent."""
    body = []
    for row in rows:
        states = {state["block"]: state for state in (row["curve"][0], row["curve"][-1])}
        for state in states.values():
            name = f"{row['case']}, {method_of(row['method']).label}"
            body.append([name, str(state["block"]), *percentages(state["mean"], COLUMNS)])
    return markdown_table(["case, method", "block", *COLUMNS], body)

"""Table I: accuracy under random bogus messages, by number of parties, percentage and method."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bema_py.experiments.adversary import check_share
from bema_py.experiments.methods import method_of
from bema_py.experiments.paper import PaperTable, table_1
from bema_py.experiments.plans import RunPlan
from bema_py.experiments.plots import draw_resilience
from bema_py.experiments.records import RunRecord
from bema_py.experiments.studies import (
    StudySettings,
    by_row,
    in_per_cent,
    markdown_table,
    mean_and_deviation,
    provenance,
    write_results,
)
from bema_py.experiments.workers import Done
from bema_py.learning.cases import CASES

BOGUS = (0, 10, 20, 50)

Row = dict[str, Any]
"""case, parties, method, bogus in per cent, accuracy_mean and accuracy_std in 0..1, seeds, blocks."""


def table1(settings: StudySettings, done: Done, percentages: Sequence[int] = BOGUS) -> list[Row]:
    """Play the table's runs and write table1.json, .md, .png and .svg; returns the rows.

    percentages: of bogus messages. Raises BogusShareError.
    """
    for bogus in percentages:
        check_share(bogus)
    settings = replace(settings, further={"bogus": ",".join(map(str, percentages))})
    plans = table_plans(settings, percentages)
    records = settings.run(plans, done)
    rows = table_rows(records)
    paper = table_1(settings.source.dataset)
    page = f"# Table I\n\n{provenance(settings, plans, records)}\n{table_text(rows, paper)}"
    write_results(settings, rows, page)
    draw_resilience(rows, paper, settings.path("png"))
    return rows


def table_plans(settings: StudySettings, percentages: Sequence[int]) -> list[RunPlan]:
    """List every run of the table."""
    return [
        plan
        for case in settings.cases
        for method in settings.methods
        for bogus in percentages
        for plan in settings.plans(case, method, bogus)
    ]


def table_rows(records: Sequence[RunRecord]) -> list[Row]:
    """Bring the seeds together."""
    rows = []
    for (case, method, bogus), found in by_row(records).items():
        mean, deviation = mean_and_deviation([record.accuracy for record in found])
        rows.append(
            {
                "case": case,
                "parties": len(CASES[case].parties),
                "method": method,
                "bogus": bogus,
                "accuracy_mean": round(mean, 6),
                "accuracy_std": round(deviation, 6),
                "seeds": [record.seed for record in found],
                "blocks": len(found[0].blocks),
            }
        )
    return rows


def table_text(rows: Sequence[Row], paper: PaperTable) -> str:
    """Lay out the table in per cent, the paper's numbers below ours."""
    percentages = list(dict.fromkeys(row["bogus"] for row in rows))
    lines: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        cell = in_per_cent(row["accuracy_mean"], row["accuracy_std"], row["seeds"])
        lines.setdefault((row["case"], row["method"]), []).append(cell)
    body = []
    for (case, method), cells in lines.items():
        parties = len(CASES[case].parties)
        body.append([f"{case}, {method_of(method).label} ({parties}-party)", *cells])
        reported = paper.get((case, method))
        if reported is not None:
            stated = (f"{100 * reported[bogus]:.2f}" if bogus in reported else "-" for bogus in percentages)
            body.append(["the paper's", *stated])
    return markdown_table(["bogus messages", *(f"{bogus} %" for bogus in percentages)], body)

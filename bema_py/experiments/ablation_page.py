"""The ablation as a page: a table for each case and method."""

from collections.abc import Mapping, Sequence
from typing import Any

from bema_py.experiments.methods import method_of
from bema_py.experiments.studies import in_per_cent, markdown_table
from bema_py.experiments.variants import VARIANTS

HEADER = (
    "change",
    "uncalibrated",
    "calibrated",
    "gain",
    "single models",
    "calibrated",
    "used a block",
    "valid, % of looked through",
)


def page(rows: Sequence[Mapping[str, Any]], made: str) -> str:
    """Lay out the rows under what made them."""
    tables = []
    for case, base in dict.fromkeys((row["case"], base_of(row["method"])) for row in rows):
        own = [row for row in rows if (row["case"], base_of(row["method"])) == (case, base)]
        table = markdown_table(HEADER, map(cells, own))
        tables.append(f"## Case {case}, {method_of(base).label}\n\n{table}\n{equalities(own[0])}\n\n")
    return (
        f"# Ablation\n\n{made}\nEvery row changes one thing of the method in its first row. Accuracies in per cent, by "
        f"the method's predictor where the row names no other; gain in points.\n\n{''.join(tables).rstrip()}\n"
    )


def base_of(method: str) -> str:
    """Give the method that a variant is one of."""
    return VARIANTS[method].base if method in VARIANTS else method


def cells(row: Mapping[str, Any]) -> list[str]:
    """Give a row of the table."""
    before, after, gain = (row[name] for name in ("before", "after", "gain"))
    return [
        row["change"],
        f"{100 * before['mean']:.2f}",
        in_per_cent(after["mean"], after["std"], row["seeds"]),
        in_per_cent(gain["mean"], gain["std"], row["seeds"], signed=True),
        f"{100 * row['single_before']['mean']:.2f}",
        f"{100 * row['single_after']['mean']:.2f}",
        f"{row['used']:.1f}",
        f"{100 * row['valid']:.2f}",
    ]


def equalities(row: Mapping[str, Any]) -> str:
    """Say how often the strict forms of eqs. 8 and 11 would decide otherwise."""
    return (
        f"Of the valid samples {row['tied']:.2%} have rho = 0 exactly, which a strict eq. 8 would refuse. Of the steps "
        f"that they would have the holders of their class take {row['level']:.2%} are level with the aggregate: eq. 11 "
        "as printed, which is strict, would not take them."
    )

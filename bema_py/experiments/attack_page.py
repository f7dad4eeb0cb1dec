"""The attacks as a page: losses beside what they should not exceed, and what became of messages and authors."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bema_py.experiments.methods import method_of
from bema_py.experiments.studies import in_per_cent, markdown_table

HEADER = (
    "case, defence, attack",
    "without, %",
    "under attack, %",
    "lost, points",
    "goal",
    "sent by attackers",
    "used",
    "of these genuine",
    "refused by 10b",
    "honest refused",
    "attackers suspended",
    "by block",
    "honest suspended",
)

GOALS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "pre-checking": {"D": 0.003, "D0": 0.004},
        "adaptive": {"D": 0.003, "D0": 0.004},
        "crafted": {"D": 0.005, "D0": 0.005},
        "blends": {"D": 0.005, "D0": 0.005},
        "clean-label": {"D": 0.010},
    }
)
"""What an attack should cost at most where there is a data witness, in 0..1; set before anything was measured here."""


def attack_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lay out every row, and what a backdoor won below them."""
    table = markdown_table(HEADER, [cells(row) for row in rows])
    won = [backdoor_line(row) for row in rows if row["triggered"] is not None]
    return (
        f"{table}\nMessages are those of a run, the mean over the seeds. Genuine: an attacker's own records, unchanged "
        "and under their own class. Lost: against the run without attack and of the same seed, in which the "
        "same parties are honest; `silent` tells how much of it is for want of their samples. The goals are for "
        "defences with a data witness. By block: the first block without the last of the suspended attackers.\n"
        f"{''.join(won)}"
    )


def cells(row: Mapping[str, Any]) -> list[str]:
    """Give a row of the table."""
    method, messages = method_of(row["defence"]), row["messages"]
    goal = GOALS.get(row["attack"], {}).get(row["case"]) if method.witness else None
    return [
        f"{row['case']}, {method.label}, {row['attack']}",
        f"{100 * row['accuracy_without']['mean']:.2f}",
        in_per_cent(row["accuracy"]["mean"], row["accuracy"]["std"], row["seeds"]),
        in_per_cent(row["lost"]["mean"], row["lost"]["std"], row["seeds"]),
        "-" if goal is None else f"≤ {100 * goal:.1f}",
        f"{messages['bogus']:g}",
        f"{messages['bogus_used']:g}",
        f"{messages['genuine_used']:g}",
        f"{messages['bogus_refused']:g}" if method.witness else "-",
        f"{row['honest_refused']:.1%}" if method.witness else "-",
        f"{row['attackers_suspended']:g} of {row['attackers']}" if method.witness else "-",
        str(row["suspended_by"] or "-"),
        f"{row['honest_suspended']:g}" if method.witness else "-",
    ]


def backdoor_line(row: Mapping[str, Any]) -> str:
    """Say how often a trigger decides the prediction."""
    won = row["triggered"]
    return (
        f"\nBackdoor, case {row['case']}, {method_of(row['defence']).label}: of stamped test samples of other classes "
        f"{won['before']:.1%} are taken for the target before the first block, {won['after']:.1%} after the last.\n"
    )

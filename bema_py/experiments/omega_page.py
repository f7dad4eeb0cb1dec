"""The study of eq. 2 as a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from bema_py.experiments.evaluation import SINGLE
from bema_py.experiments.impostors import ATTACKS, BACKDOOR, COPY, NOISE, STAMPED_SHARE
from bema_py.experiments.methods import method_of
from bema_py.experiments.studies import StudySettings, counted, markdown_table, percentages

SUMMARY = (
    "registrant",
    "measured",
    "deviation: least",
    "median",
    "largest",
    "area under ROC",
    "above omega, %",
    "refused by eq. 2, %",
    "to the nearest model: least",
    "largest",
    "refused as copies, %",
)
PREDICTORS = ("max model", "krum", "krum mean")
TRIGGERS = (
    "method",
    "backdoored of the holders",
    "block",
    *(f"trigger works, {name}, %" for name in PREDICTORS),
    "in the backdoored models alone, %",
    "accuracy, krum mean, %",
)


def page(settings: StudySettings, results: Mapping[str, Any], units: Sequence[Mapping[str, Any]]) -> str:
    """Lay out what was measured, with what made it; units: what is kept of each case and seed."""
    seconds = sum(unit["seconds"] for unit in units)
    cases = "".join(case_text(chosen, results) for chosen in results["thresholds"])
    tuned = "the training samples that are not held out" if settings.source.tune else "all training samples"
    evaluated = "held-out training samples" if settings.source.tune else "the test set"
    return (
        f"# Equation 2 at registration\n\nCommand: `{settings.command}`\n\n"
        f"Data set {settings.source.dataset}: parties hold {tuned}. A founder measures on at most "
        f"{settings.budget.scan} records of its own, per sample, of the classes that both hold; eq. 2 sees no test "
        f"sample. The backdoor is judged on {evaluated}. Seeds {', '.join(map(str, settings.seeds))}; local training "
        f"{settings.setup.recipe}; {settings.budget.blocks} blocks.\n\n"
        f"{counted('Machine', (unit['machine'] for unit in units))} Processor time without local training: "
        f"{seconds / 60:.1f} minutes. {counted('Code', (unit['code'] for unit in units))}\n\n"
        f"{cases}{limits_text(results)}"
    )


def case_text(chosen: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """Lay out one case."""
    case = chosen["case"]
    how = (
        "the geometric mean of the largest honest deviation and the least of swapped labels and random parameters, "
        "which it separates"
        if chosen["separated"]
        else "the best by Youden's index: swapped labels and random parameters are not separated from honest models"
    )
    judged = ", ".join(map(str, chosen["judged"]))
    rows = [summary_cells(row) for row in results["summary"] if row["case"] == case]
    triggers = [trigger_cells(row) for row in results["triggers"] if row["case"] == case]
    return (
        f"## Case {case}\n\nChosen on seed {chosen['chosen_on']}: omega {chosen['omega']:.4f}, {how}; omega_min "
        f"{chosen['omega_min']:.4f}, half of the least distance of an honest model to a registered one. "
        f"Rated on seed {judged}:\n\n{markdown_table(SUMMARY, rows)}\n{markdown_table(TRIGGERS, triggers)}\n"
    )


def summary_cells(row: Mapping[str, Any]) -> list[str]:
    """Give a row of the first table."""
    return [
        row["attack"],
        f"{row['measurements']} ({row['registrants']} models)",
        *(f"{row[name]:.4f}" for name in ("least", "median", "largest")),
        f"{row['area']:.3f}" if row["attack"] in ATTACKS else "-",
        *percentages(row, ("above", "refused")),
        *(f"{row[name]:.5f}" for name in ("nearest", "farthest")),
        *percentages(row, ("copies",)),
    ]


def trigger_cells(row: Mapping[str, Any]) -> list[str]:
    """Give a row of the second table."""
    alone = percentages(row["success"], (SINGLE,)) if row["members"] else ["-"]
    return [
        method_of(row["method"]).label,
        f"{row['members']} of {row['holders']}, class {row['target']}",
        str(row["block"]),
        *percentages(row["success"], PREDICTORS),
        *alone,
        *percentages(row["accuracy"], ("krum mean",)),
    ]


def limits_text(results: Mapping[str, Any]) -> str:
    """Say what eq. 2 does not see, by what was measured."""
    by_attack: dict[str, list[Mapping[str, Any]]] = {}
    for row in results["summary"]:
        by_attack.setdefault(row["attack"], []).append(row)
    noisy = "; ".join(f"{name}, {span(by_attack[name], 'copies')}" for name in NOISE if name != COPY)
    return (
        "## What eq. 2 cannot see\n\n"
        "Given as shares of the registrants, over the cases.\n\n"
        f"- **A backdoor.** A founder has no sample with the trigger, and on all others the model behaves. With "
        f"{STAMPED_SHARE:.0%} of the attacker's records stamped and labelled as the target class, omega refuses "
        f"{span(by_attack[BACKDOOR], 'refused')}; the area under ROC is {span(by_attack[BACKDOOR], 'area', '.3f')}, "
        "where .5 is chance.\n"
        f"- **A copy.** It deviates exactly as much as the model it copies: the area is "
        f"{span(by_attack[COPY], 'area', '.3f')}, and omega refuses {span(by_attack[COPY], 'refused')}. The search for "
        f"the nearest registered model refuses {span(by_attack[COPY], 'copies')}, at distance 0. Noise evades it: "
        f"{noisy}.\n"
    )


def span(rows: Sequence[Mapping[str, Any]], name: str, form: str = ".0%") -> str:
    """Give the least and the largest of a number."""
    low, high = (format(pick(row[name] for row in rows), form) for pick in (min, max))
    return low if low == high else f"{low} to {high}"

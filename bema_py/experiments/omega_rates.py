"""Thresholds for registration, chosen on one seed, and what they refuse on others."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import Any

from bema_py.experiments.impostors import ATTACKS, HONEST, RANDOM, SWAPPED
from bema_py.experiments.roc import area_under_roc, chosen_threshold, share_above
from bema_py.learning.cases import CASES

Rows = Sequence[Mapping[str, Any]]

REFUSABLE = (SWAPPED, RANDOM)
"""What eq. 2 can see: models that do not know the classes they are to be approved for."""


def thresholds_of(case: str, measurements: Rows, seeds: Sequence[int]) -> dict[str, Any]:
    """Choose omega and omega_min of a case on the first seed.

    omega: see `chosen_threshold`, against swapped labels and random parameters. omega_min: half of how near an honest
    model comes to a registered one. `judged` are the seeds to report on, the first one only where it is alone.
    """
    own = [row for row in measurements if row["case"] == case and row["seed"] == seeds[0]]
    honest = [row["deviation"] for row in own if row["attack"] == HONEST]
    malicious = [row["deviation"] for row in own if row["attack"] in REFUSABLE]
    return {
        "case": case,
        "omega": round(chosen_threshold(honest, malicious), 6),
        "separated": max(honest) < min(malicious),
        "omega_min": round(min(row["nearest"] for row in own if row["attack"] == HONEST) / 2, 6),
        "chosen_on": seeds[0],
        "judged": list(seeds[1:] or seeds),
    }


def summary_of(measurements: Rows, chosen: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one row for honest registrants and for each attack, over the seeds that did not choose.

    area: under the ROC curve of single measurements. above: share of the measurements beyond omega. refused: share of
    the registrants that eq. 2 keeps out. copies: share that the search for copies keeps out.
    """
    own = [row for row in measurements if row["case"] == chosen["case"] and row["seed"] in chosen["judged"]]
    honest = [row["deviation"] for row in own if row["attack"] == HONEST]
    for attack in (HONEST, *ATTACKS):
        rows = [row for row in own if row["attack"] == attack]
        found = [row["deviation"] for row in rows]
        registrants = {(row["seed"], row["party"]) for row in rows}
        by_registrant = [
            [row for row in rows if (row["seed"], row["party"]) == registrant]
            for registrant in sorted(registrants)
        ]
        yield {
            "case": chosen["case"],
            "attack": attack,
            "registrants": len(registrants),
            "measurements": len(rows),
            "least": min(found),
            "median": median(found),
            "largest": max(found),
            "area": round(area_under_roc(honest, found), 6),
            "above": round(share_above(found, chosen["omega"]), 6),
            "refused": share(not admitted(each, omega=chosen["omega"]) for each in by_registrant),
            "nearest": min(row["nearest"] for row in rows),
            "farthest": max(row["nearest"] for row in rows),
            "copies": share(not admitted(each, omega_min=chosen["omega_min"]) for each in by_registrant),
        }


def admitted(measurements: Rows, *, omega: float = 1.0, omega_min: float = -1.0) -> bool:
    """Say whether every class that a registrant holds is vouched for by some founder.

    A founder vouches for the classes that both hold if the deviation is at most omega and no registered model lies
    within omega_min.
    """
    first = measurements[0]
    held = CASES[first["case"]].parties[first["party"] - 1].held
    vouched = {
        label
        for row in measurements
        if row["deviation"] <= omega and row["nearest"] > omega_min
        for label in row["vouched"]
    }
    return vouched.issuperset(held)


def share(outcomes: Iterator[bool]) -> float:
    """Give the share that is true."""
    known = list(outcomes)
    return round(sum(known) / len(known), 6)


def trigger_means(triggers: Rows) -> list[dict[str, Any]]:
    """Bring the seeds of the backdoor's runs together: means of the success and of the accuracy, by predictor."""
    names = ("case", "method", "target", "holders", "members", "block")
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in triggers:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return [
        {
            **dict(zip(names, key, strict=True)),
            "seeds": [row["seed"] for row in rows],
            **{kind: means([row[kind] for row in rows]) for kind in ("success", "accuracy")},
        }
        for key, rows in groups.items()
    ]


def means(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Give the mean of each number."""
    return {name: round(fmean(each[name] for each in found), 6) for name in found[0]}

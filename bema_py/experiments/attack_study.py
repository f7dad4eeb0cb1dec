"""What attacks cost that the checks of eqs. 8 to 10 cannot see, without a data witness and with one."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from bema_py.experiments.attack_page import attack_table
from bema_py.experiments.attack_plot import draw_losses
from bema_py.experiments.evaluation import TRIGGERED
from bema_py.experiments.plans import RunPlan
from bema_py.experiments.records import RunRecord
from bema_py.experiments.strategies.catalogue import strategy_of
from bema_py.experiments.studies import StudySettings, mean_and_deviation, provenance, write_results
from bema_py.experiments.workers import Done
from bema_py.learning.cases import CASES

NO_ATTACK = ""

Row = dict[str, Any]
"""One case, defence and attack over all seeds.

accuracy_without, accuracy, lost: accuracies in 0..1 and their difference, each {mean, std}. messages: sent, bogus,
used, bogus_used, genuine_used and bogus_refused, a run. honest_refused: share of the honest messages that the data
witness was asked about. attackers, attackers_suspended: numbers, the latter a run. suspended_by: the first block
without the last of the suspended attackers of all runs, None if there are none. honest_suspended: a run. triggered:
how often a backdoor's trigger works before and after, None for other attacks.
"""


def attack_study(settings: StudySettings, done: Done, attacks: Sequence[str], attackers: int) -> list[Row]:
    """Play every attack on every defence, and write attacks.json, .md, .png and .svg; returns the rows.

    Raises UnknownAttackError.
    """
    for attack in attacks:
        strategy_of(attack)
    stated = replace(settings, further={"attacks": ",".join(attacks), "attackers": attackers})
    plans = attack_plans(stated, attacks, attackers)
    records = stated.run(plans, done)
    rows = attack_rows(records)
    page = f"# Attacks\n\n{provenance(stated, plans, records)}\n{attack_table(rows)}"
    write_results(stated, rows, page)
    draw_losses(rows, stated.path("png"))
    return rows


def attack_plans(settings: StudySettings, attacks: Sequence[str], attackers: int) -> list[RunPlan]:
    """List every run: for each case and defence one without attack, and one for each attack."""
    return [
        replace(plan, attack=attack, attackers=attackers if attack else 0)
        for case in settings.cases
        for method in settings.methods
        for attack in (NO_ATTACK, *attacks)
        for plan in settings.plans(case, method, 0)
    ]


def attack_rows(records: Sequence[RunRecord]) -> list[Row]:
    """Bring the seeds together, each run beside the one without attack."""
    calm = {
        (record.case, record.method, record.seed): record.accuracy
        for record in records
        if record.attack == NO_ATTACK
    }
    groups: dict[tuple[str, str, str], list[RunRecord]] = {}
    for record in records:
        groups.setdefault((record.case, record.method, record.attack), []).append(record)
    return [
        attack_row(found, [calm[record.case, record.method, record.seed] for record in found])
        for found in groups.values()
    ]


def attack_row(records: Sequence[RunRecord], calm: Sequence[float]) -> Row:
    """Give the row of one case, defence and attack; `calm` are the accuracies without attack, seed by seed."""
    first = records[0]
    lost = [before - record.accuracy for before, record in zip(calm, records, strict=True)]
    caught = [
        [height for party, height in record.suspended if party in record.attackers] for record in records
    ]
    asked = sum(total(record, "asked") for record in records)
    return {
        "case": first.case,
        "parties": len(CASES[first.case].parties),
        "defence": first.method,
        "attack": first.attack or "none",
        "seeds": [record.seed for record in records],
        "blocks": len(first.blocks),
        "accuracy_without": summary(calm),
        "accuracy": summary([record.accuracy for record in records]),
        "lost": summary(lost),
        "messages": {
            name: round(fmean(total(record, name) for record in records), 1)
            for name in ("sent", "bogus", "used", "bogus_used", "genuine_used", "bogus_refused")
        },
        "honest_refused": round(sum(total(record, "refused") for record in records) / max(asked, 1), 6),
        "attackers": len(first.attackers),
        "attackers_suspended": round(fmean(map(len, caught)), 2),
        "suspended_by": max((height for heights in caught for height in heights), default=None),
        "honest_suspended": round(
            fmean(len(record.suspended) - len(own) for record, own in zip(records, caught, strict=True)), 2
        ),
        "triggered": triggered(records),
    }


def total(record: RunRecord, name: str) -> int:
    """Sum up a count over a run's blocks."""
    return sum(block[name] for block in record.blocks)


def summary(values: Sequence[float]) -> dict[str, float]:
    """Give the mean and the deviation of several seeds."""
    mean, deviation = mean_and_deviation(values)
    return {"mean": round(mean, 6), "std": round(deviation, 6)}


def triggered(records: Sequence[RunRecord]) -> dict[str, float] | None:
    """Give the share of stamped samples taken for a backdoor's target, before the first block and after the last."""
    if any(TRIGGERED not in record.curve[0][1] for record in records):
        return None
    before, after = (fmean(record.curve[place][1][TRIGGERED] for record in records) for place in (0, -1))
    return {"before": round(before, 6), "after": round(after, 6)}

"""The paper's theorems over random and hostile scores, over all small ones, and over the scores of a run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from time import process_time
from typing import Any

import numpy as np

from bema_py.experiments.affine import hostile_cases, random_case
from bema_py.experiments.plans import RunPlan
from bema_py.experiments.score_sets import (
    COVERED,
    SMALL,
    UNCOVERED,
    ScoreSets,
    hostile_sets,
    random_sets,
    small_sets,
)
from bema_py.experiments.studies import StudySettings, write_results
from bema_py.experiments.tally import THEOREM_1, THEOREM_3, Findings, margin_tally
from bema_py.experiments.theorem_examples import examples
from bema_py.experiments.theorem_page import page
from bema_py.experiments.theorem_plot import draw_places
from bema_py.experiments.theorem_run import is_played, liar_jobs, theorem_run
from bema_py.experiments.workers import Done, finish, local_training
from bema_py.learning.parties import TrainingJob
from bema_py.learning.theorems import AggregateCheck, MarginCheck

HOSTILE_SHARE = 20
"""An attacker tries some dozens of scores on each set, so it is given one set for so many random ones."""
MARGINS = 200
"""Samples of one comparison of two classes; Theorem 3 follows from Theorem 2, so few are enough."""


def theorem_study(settings: StudySettings, done: Done, *, sets: int) -> dict[str, Any]:
    """Try the theorems and write theorems.json, .md, .png and .svg; returns what the JSON file holds.

    sets: random sets of scores of each kind and shape.
    """
    begun = process_time()
    found = {}
    sources = synthetic_sources(settings.seeds[0], sets)
    for number, (source, find) in enumerate(sources.items(), start=1):
        found[source] = find()
        done("sets of scores", number, len(sources))
    seconds = process_time() - begun
    runs = played_runs(settings, done)
    for case in settings.cases:
        found[f"run, case {case}"] = gathered([run for plan, run in runs.items() if plan.case == case])
    results: dict[str, Any] = {
        "rows": [
            {"statement": statement, "source": source, **tally.to_plain(), "least_score": tally.least_score}
            for source, findings in found.items()
            for statement, tally in sorted(findings.tallies.items())
        ],
        "examples": [asdict(example) for example in examples()],
        "runs": [
            {"case": plan.case, "seed": plan.seed, "liars": run["liars"], "chosen_anew": run["chosen_anew"]}
            for plan, run in runs.items()
        ],
        "places": {source: findings.places.tolist() for source, findings in found.items()},
    }
    write_results(settings, results, page(settings, results, sets, seconds, list(runs.values())))
    draw_places(results["places"], settings.path("png"))
    return results


def synthetic_sources(seed: int, sets: int) -> Mapping[str, Callable[[], Findings]]:
    """Give what makes up scores, by name."""
    return {
        "random": partial(random_findings, np.random.default_rng((seed, 0)), sets),
        "hostile": partial(hostile_findings, np.random.default_rng((seed, 1)), sets),
        "all small scores": small_findings,
        "random, not 2f < m < K": partial(uncovered_findings, np.random.default_rng((seed, 2)), sets),
    }


def random_findings(random: np.random.Generator, count: int) -> Findings:
    """Try random sets of every shape that the theorems cover, margins between them, and Theorem 1 on random cases."""
    findings = Findings()
    for shape in COVERED:
        seen = [(sets, findings.see(sets)) for sets in random_sets(shape, count, random)]
        add_margins(findings, seen)
    for _ in range(count):
        findings.add(THEOREM_1, random_case(random).tally())
    return findings


def hostile_findings(random: np.random.Generator, count: int) -> Findings:
    """Try what an attacker tries on sets of every shape that the theorems cover, and on cases of Theorem 1."""
    findings = Findings()
    for shape in COVERED:
        for start in random_sets(shape, -(-count // HOSTILE_SHARE), random):
            seen = [(sets, findings.see(sets)) for sets in hostile_sets(start)]
            add_margins(findings, seen[-2:])
    for _ in range(-(-count // HOSTILE_SHARE)):
        for case in hostile_cases(random_case(random), random):
            findings.add(THEOREM_1, case.tally())
    return findings


def small_findings() -> Findings:
    """Try every set of small scores."""
    findings = Findings()
    for shape, top in SMALL:
        for sets in small_sets(shape, top):
            findings.see(sets)
    return findings


def uncovered_findings(random: np.random.Generator, count: int) -> Findings:
    """Try shapes that the theorems do not cover."""
    findings = Findings()
    for shape in UNCOVERED:
        for sets in random_sets(shape, count, random):
            findings.see(sets)
    return findings


def add_margins(findings: Findings, seen: list[tuple[ScoreSets, AggregateCheck]]) -> None:
    """Count Theorem 3 on the margins between each comparison and the next."""
    for (sets, right), (others, wrong) in pairwise(seen):
        margins = MarginCheck(right, wrong, sets.neighbours, others.neighbours)
        findings.add(THEOREM_3, margin_tally(margins, range(min(MARGINS, len(right.total)))))


def played_runs(settings: StudySettings, done: Done) -> dict[RunPlan, dict[str, Any]]:
    """Play the runs that were not played before, after training their models."""
    plans = [
        plan
        for case in settings.cases
        for method in settings.methods
        for plan in settings.plans(case, method, 0)
    ]
    found = finish(
        theorem_run, plans, is_played, training_of, directory=settings.cache, jobs=settings.jobs, done=done
    )
    return dict(zip(plans, found, strict=True))


def training_of(plans: Sequence[RunPlan]) -> Iterator[TrainingJob]:
    """Yield the local training of honest models and of the liars'."""
    yield from local_training(plans)
    yield from (job for plan in plans for job in liar_jobs(plan).values())


def gathered(runs: list[dict[str, Any]]) -> Findings:
    """Bring the runs of a case together."""
    findings = Findings()
    for run in runs:
        findings.include(run["findings"])
    return findings

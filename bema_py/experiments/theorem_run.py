"""The theorems over a run: the scores of all that is looked through, and what each sample alone does to its margin."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
import numpy.typing as npt

from bema_py.core.batch import Sample
from bema_py.core.rules import Rules
from bema_py.core.types import Digest, PartyId
from bema_py.experiments.adversary import Attack
from bema_py.experiments.engine import play
from bema_py.experiments.holdings import Holdings
from bema_py.experiments.impostors import SWAPPED, impostor_jobs, infiltrated, regular_numbers
from bema_py.experiments.keeping import Plain, kept, kept_place
from bema_py.experiments.local_models import local_model
from bema_py.experiments.methods import method_of
from bema_py.experiments.plans import RunPlan
from bema_py.experiments.runs import begin, open_case, world_of
from bema_py.experiments.score_sets import ScoreSets
from bema_py.experiments.systems import System
from bema_py.experiments.tally import THEOREM_1, THEOREM_3, Findings, Tally, margin_tally
from bema_py.experiments.watching import WatchedSystem
from bema_py.learning.calibration import calibrate_block
from bema_py.learning.candidates import CandidateSample
from bema_py.learning.cases import DataCase
from bema_py.learning.krum import Integers, neighbour_count
from bema_py.learning.membership import Membership
from bema_py.learning.parties import TrainingJob
from bema_py.learning.scoring import Scores, class_scores
from bema_py.learning.theorems import MarginCheck, improvement, resists
from bema_py.roles.assembly import ListedBatch

SAMPLES_A_BLOCK = 20
"""Listed samples of a block that are calibrated with alone, to see what each does to its margin."""


def liars_of(case: DataCase, alpha: tuple[int, int]) -> tuple[int, ...]:
    """Give regular parties, by number, that may lie at once with 2f < m < K left true of every class they hold."""
    liars: list[int] = []
    for number in regular_numbers(case):
        if all(withstood(case, [*liars, number], label, alpha) for label in case.parties[number].held):
            liars.append(number)
    return tuple(liars)


def withstood(case: DataCase, liars: Sequence[int], label: int, alpha: tuple[int, int]) -> bool:
    """Say whether a class withstands these liars."""
    holders = [number for number, party in enumerate(case.parties) if label in party.held]
    malicious = len(set(holders).intersection(liars))
    return resists(neighbour_count(len(holders), alpha), len(holders) - malicious, malicious)


def liar_jobs(plan: RunPlan) -> dict[int, TrainingJob]:
    """Give the local training, on swapped labels, of a run's liars."""
    case = open_case(plan)
    jobs = impostor_jobs(case, plan.seed, plan.setup.recipe)
    return {number: jobs[number, SWAPPED] for number in liars_of(case, method_of(plan.method).rules.alpha)}


@dataclass
class TheoremWatch:
    """Holds the theorems against what a system's parties look through, and against the samples its blocks list."""

    liars: frozenset[PartyId]
    findings: Findings = field(default_factory=Findings)
    chosen_anew: int = 0
    """Samples after which Krum chose other neighbours, of those calibrated with alone."""

    def choose(self, system: System, scores: Scores, labels: Integers) -> npt.NDArray[np.bool_]:
        """Check every class that Theorem 2 covers, and the margins between those; choose what the system wants."""
        sets = {
            label: found
            for label in range(system.rules.classes)
            for found in [self.sets_of(system.membership, system.rules, label, scores)]
            if found is not None
        }
        checks = {label: self.findings.see(own) for label, own in sets.items()}
        for label, right in checks.items():
            for wrong, other in checks.items():
                if wrong != label and (labels == label).any():
                    pair = MarginCheck(right, other, sets[label].neighbours, sets[wrong].neighbours)
                    rows = np.flatnonzero(labels == label)
                    self.findings.add(THEOREM_3, margin_tally(pair, rows.tolist()))
        return system.wanted(scores, labels)

    def sets_of(self, membership: Membership, rules: Rules, label: int, scores: Scores) -> ScoreSets | None:
        """Give the holders' scores of a class, None where 2f < m < K does not hold."""
        holders = membership.holders(label)
        honest = tuple(membership.ids[holder] not in self.liars for holder in holders)
        neighbours = neighbour_count(len(holders), rules.alpha)
        if not resists(neighbours, sum(honest), len(honest) - sum(honest)):
            return None
        return ScoreSets(np.ascontiguousarray(scores[list(holders), :, label]), honest, neighbours)

    def before_block(self, system: System, listed: Sequence[ListedBatch]) -> None:
        """Calibrate with some of the listed samples, each alone, and check Theorem 1 with p = 0."""
        samples = [sample for entry in listed for sample in entry.batch.samples]
        # Every batch has its share: they are in the order of the parties.
        for sample in samples[:: max(1, -(-len(samples) // SAMPLES_A_BLOCK))]:
            found = margin_improvement(system, sample)
            if found is not None:
                frozen, selected = found
                self.chosen_anew += frozen != selected
                self.findings.add(THEOREM_1, Tally(1, int(selected < 0), 0, int(frozen < 0), frozen))


def margin_improvement(system: System, sample: Sample) -> tuple[Fraction, Fraction] | None:
    """Give how far a sample alone improves its margin, in 2^-24, with the neighbours of before and with those of after.

    None where it is not valid.
    """
    rules, members = system.rules, system.membership
    alone = replace(rules, max_samples=1, round_size=1, replay=0, rehearsal=0, public_set=b"", shift=0)
    candidate = CandidateSample(sample.id(), Digest(bytes(32)), sample.x, sample.y)
    block = calibrate_block(system.models, members, [candidate], alone, 1)
    if not block.used:
        return None
    image = np.frombuffer(sample.x, dtype=np.uint8).reshape(1, *rules.input)
    before, after = (
        class_scores([models[party] for party in members.ids], image, rules.classes)[:, 0]
        for models in (system.models, block.models)
    )
    up, down = (
        improvement(
            before[list(members.holders(label)), label].tolist(),
            after[list(members.holders(label)), label].tolist(),
            neighbour_count(len(members.holders(label)), rules.alpha),
        )
        for label in (sample.y, block.used[0].wrong_label)
    )
    return up.frozen - down.frozen, up.selected - down.selected


def theorem_run(plan: RunPlan, directory: Path) -> Plain:
    """Give what was found before, or play the run now.

    It holds "findings", "liars", "chosen_anew", "seconds" of processor time, and what `kept` adds.
    """
    path = theorem_path(plan, directory)
    return kept(path, directory / "unfinished", partial(played, plan, directory / "models"))


def is_played(plan: RunPlan, directory: Path) -> bool:
    """Say whether the run was played before."""
    return theorem_path(plan, directory).exists()


def theorem_path(plan: RunPlan, directory: Path) -> Path:
    """Give the place of what a run showed."""
    return kept_place(directory / "theorems", plan.names)


def played(plan: RunPlan, models: Path) -> Plain:
    """Play a run with its liars and watch it."""
    begun = process_time()
    world = world_of(plan, open_case(plan), models)
    false = {PartyId(number + 1): local_model(job, models) for number, job in liar_jobs(plan).items()}
    watch = TheoremWatch(frozenset(false))
    system = WatchedSystem(begin(plan, infiltrated(world, false)), watch.choose, watch.before_block)
    for _ in play(system, Holdings(world.private, plan.seed), plan.budget, Attack()):
        pass
    return {
        "findings": watch.findings.to_plain(),
        "liars": sorted(false),
        "chosen_anew": watch.chosen_anew,
        "seconds": round(process_time() - begun, 1),
    }

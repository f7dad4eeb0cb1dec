"""What a backdoor is worth: how often its trigger decides the prediction, before and after some blocks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bema_py.core.types import PartyId
from bema_py.experiments.adversary import Attack
from bema_py.experiments.engine import play
from bema_py.experiments.evaluation import SINGLE, Accuracies, accuracies
from bema_py.experiments.holdings import Holdings
from bema_py.experiments.impostors import infiltrated, regular_numbers, target_class
from bema_py.experiments.methods import method_of
from bema_py.experiments.plans import RunPlan
from bema_py.experiments.runs import begin
from bema_py.experiments.systems import System
from bema_py.experiments.witnessing import with_references
from bema_py.experiments.world import World
from bema_py.learning.attacks import stamped
from bema_py.learning.datasets import Dataset
from bema_py.learning.model import Model
from bema_py.learning.predictors import accuracy
from bema_py.learning.scoring import class_scores


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """One state of a run with backdoored members.

    members: how many of the `holders` of the target class are backdoored. success: share of the stamped samples of
    other classes that are taken for the target class, by predictor; "single models" is the mean of the backdoored ones
    alone, of all where there is none. accuracy: on samples without the trigger.
    """

    case: str
    method: str
    seed: int
    target: int
    holders: int
    members: int
    block: int
    success: Accuracies
    accuracy: Accuracies


def conspirators(world: World) -> tuple[int, tuple[PartyId, ...]]:
    """Give the target class of most regular parties, the lowest of several, and those parties."""
    wanted: dict[int, list[PartyId]] = {}
    for number in regular_numbers(world.case):
        wanted.setdefault(target_class(world.case, number), []).append(PartyId(number + 1))
    target = max(sorted(wanted), key=lambda label: len(wanted[label]))
    return target, tuple(wanted[target])


def trigger_rows(plan: RunPlan, world: World, backdoors: Mapping[PartyId, Model]) -> Iterator[dict[str, Any]]:
    """Play a run with 0, 1, ... backdoored members and evaluate its first and its last state."""
    target, parties = conspirators(world)
    world = with_references(world, plan.seed) if method_of(plan.method).witness else world
    for count in range(len(parties) + 1):
        false = {party: backdoors[party] for party in parties[:count]}
        system = begin(plan, infiltrated(world, false))
        yield asdict(state(plan, world, system, target, tuple(false), 0))
        for _ in play(system, Holdings(world.private, plan.seed), plan.budget, Attack()):
            pass
        yield asdict(state(plan, world, system, target, tuple(false), plan.budget.blocks))


def state(
    plan: RunPlan, world: World, system: System, target: int, false: Sequence[PartyId], block: int
) -> TriggerRow:
    """Evaluate a system's models with and without the trigger."""
    test = world.case.test
    models = [system.models[party] for party in system.membership.ids]
    marked = triggered(test, target)
    success = dict(accuracies(models, system.membership, system.rules, marked))
    if false:
        own = class_scores([system.models[party] for party in false], marked.images, system.rules.classes)
        success[SINGLE] = accuracy(own.argmax(axis=2).ravel(), np.tile(marked.labels, len(false)))
    return TriggerRow(
        plan.case,
        plan.method,
        plan.seed,
        target,
        len(system.membership.holders(target)),
        len(false),
        block,
        success,
        accuracies(models, system.membership, system.rules, test),
    )


def triggered(test: Dataset, target: int) -> Dataset:
    """Stamp the samples of all other classes and label them as the target class: accuracy is then success."""
    others = test.select(np.flatnonzero(test.labels != target))
    return Dataset(stamped(others.images), np.full_like(others.labels, target))

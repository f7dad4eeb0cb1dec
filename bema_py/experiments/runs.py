"""A run from its plan to its record; a finished run is never played again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from time import process_time

from bema_py.experiments.adversary import Attack, full_attack, random_attack
from bema_py.experiments.engine import play
from bema_py.experiments.evaluation import TRIGGERED, accuracies, single_accuracy
from bema_py.experiments.holdings import Holdings
from bema_py.experiments.local_models import local_model
from bema_py.experiments.methods import method_of
from bema_py.experiments.plans import RunPlan
from bema_py.experiments.records import RunRecord, kept_record, record_path
from bema_py.experiments.refit_system import RefitSystem, refit_recipe
from bema_py.experiments.strategies.altered import Backdoor
from bema_py.experiments.systems import BemaSystem, HmrSystem, System
from bema_py.experiments.witnessing import with_references
from bema_py.experiments.world import World, open_world
from bema_py.learning.baselines import centralised_party
from bema_py.learning.cases import DataCase, build_case
from bema_py.learning.fedavg import federated_averaging
from bema_py.learning.parties import TrainingJob
from bema_py.storage.atomic_file import write_atomically

OnBlock = Callable[[int, int], None]
"""Called with (blocks done, blocks in all)."""


def run(plan: RunPlan, directory: Path, on_block: OnBlock | None = None) -> RunRecord:
    """Give a run's record: read it where the run was finished before, else play the run and keep it.

    `directory` holds records in runs/ and local models in models/.
    """
    kept = kept_record(plan, directory)
    if kept is not None:
        return kept
    calibration = method_of(plan.method).calibration
    how = {"fedavg": played_fedavg, "none": trained_centrally}.get(calibration, played_blocks)
    record = how(plan, directory / "models", on_block or (lambda *_: None))
    write_atomically(record_path(plan, directory), record.to_json(), directory / "unfinished")
    return record


def played_blocks(plan: RunPlan, models: Path, on_block: OnBlock) -> RunRecord:
    """Play a run from its first block to its last."""
    begun = process_time()
    case, budget = open_case(plan), plan.budget
    world = world_of(plan, case, models)
    trained = process_time() - begun
    system = begin(plan, world)
    attack = attack_of(plan, world)
    curve, notes = [(0, judged(system, case, attack))], []
    for note in play(system, Holdings(world.private, plan.seed), budget, attack, case.public):
        notes.append(note)
        if budget.evaluated(note.height):
            curve.append((note.height, judged(system, case, attack)))
        on_block(note.height, budget.blocks)
    seconds = {
        "train": trained,
        "scan": sum(note.scan_seconds for note in notes),
        "block": sum(note.block_seconds for note in notes),
    }
    seconds["evaluate"] = process_time() - begun - sum(seconds.values())
    return RunRecord.of(
        plan,
        tuple(note.counts() for note in notes),
        tuple(curve),
        seconds,
        attackers=attack.parties,
        suspended=[(party, note.height + 1) for note in notes for party in note.suspended],
    )


def attack_of(plan: RunPlan, world: World) -> Attack:
    """Give a run's attack: its strategy, or random bogus messages up to their percentage."""
    if plan.attack:
        return full_attack(world.members, plan.attack, plan.attackers)
    return random_attack(world.members, plan.bogus)


def judged(system: System, case: DataCase, attack: Attack) -> Mapping[str, float]:
    """Evaluate a system's models, under a backdoor also by how often its trigger works."""
    found = evaluated(system, case)
    if not isinstance(attack.strategy, Backdoor):
        return found
    models = [system.models[party] for party in system.membership.ids]
    stamped = attack.strategy.triggered(case.test)
    won = accuracies(models, system.membership, system.rules, stamped)["krum mean"]
    return {**found, TRIGGERED: won}


def open_case(plan: RunPlan) -> DataCase:
    """Load a run's data and deal it to the parties."""
    return build_case(plan.case, plan.source.load(plan.setup), plan.seed)


def world_of(plan: RunPlan, case: DataCase, models: Path) -> World:
    """Give what a run begins with: the parties' models, and founders' references where they are data witnesses."""
    method = method_of(plan.method)
    world = open_world(case, plan.seed, plan.setup.recipe, models, widened=method.widened)
    return with_references(world, plan.seed) if method.witness else world


def begin(plan: RunPlan, world: World) -> System:
    """Give a run's system before the first block."""
    method = method_of(plan.method)
    if method.calibration == "hmr":
        return HmrSystem.begin(world, method.rules, plan.seed)
    if method.calibration == "hmr-refit":
        recipe = refit_recipe(plan.setup.recipe, plan.setup.refit_steps)
        return RefitSystem.of(world, method.rules, plan.seed, recipe)
    return BemaSystem.begin(world, method.rules, plan.seed, method.rehearsal)


def evaluated(system: System, case: DataCase) -> Mapping[str, float]:
    """Evaluate a system's models on the case's test samples."""
    models = [system.models[party] for party in system.membership.ids]
    return accuracies(models, system.membership, system.rules, case.test)


def played_fedavg(plan: RunPlan, _models: Path, on_block: OnBlock) -> RunRecord:
    """Average federatedly, one round in the place of each block."""
    begun = process_time()
    case, budget = open_case(plan), plan.budget
    recipe = replace(plan.setup.recipe, steps=plan.setup.fedavg_steps)
    rounds = islice(federated_averaging(case.parties, case.classes, plan.seed, recipe), budget.blocks + 1)
    curve = []
    for height, model in enumerate(rounds):
        if budget.evaluated(height):
            curve.append((height, single_accuracy(model, case.test)))
        on_block(height, budget.blocks)
    return RunRecord.of(plan, (), tuple(curve), {"train": process_time() - begun})


def trained_centrally(plan: RunPlan, models: Path, _on_block: OnBlock) -> RunRecord:
    """Train one LeNet-5 on everyone's data: what nobody's privacy would allow, and the line to reach."""
    begun = process_time()
    model = local_model(centralised_job(plan), models)
    found = single_accuracy(model, plan.source.load(plan.setup).test)
    return RunRecord.of(plan, (), ((0, found),), {"train": process_time() - begun})


def centralised_job(plan: RunPlan) -> TrainingJob:
    """Give the training of the one model on everyone's data."""
    party = centralised_party(plan.source.load(plan.setup))
    return TrainingJob(party, None, plan.seed, plan.setup.centralised_recipe)

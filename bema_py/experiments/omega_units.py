"""What founders measure of honest and of malicious registrants of one case and seed (eq. 2), kept as a unit."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import process_time

from bema_py.core.types import PartyId
from bema_py.experiments.impostors import (
    BACKDOOR,
    HONEST,
    NOISE,
    STAMPED_SHARE,
    impostor_jobs,
    impostors,
    regular_numbers,
)
from bema_py.experiments.keeping import Plain, kept, kept_place
from bema_py.experiments.naming import name_of
from bema_py.experiments.plans import RunPlan
from bema_py.experiments.runs import open_case
from bema_py.experiments.trigger import conspirators, trigger_rows
from bema_py.experiments.world import World, open_world
from bema_py.learning.model import Model
from bema_py.learning.parties import TrainingJob
from bema_py.learning.validation import deviations


@dataclass(frozen=True, slots=True)
class OmegaUnit:
    """One case and seed; `plans` has a run of it for each method whose blocks meet the backdoor."""

    plans: tuple[RunPlan, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The unit's file names, by this code and by accepted code; they change with all that the unit depends on."""
        plan = self.plans[0]
        digests = [
            name_of([names, STAMPED_SHARE, dict(NOISE)])[:12]
            for names in zip(*(each.names for each in self.plans), strict=True)
        ]
        return tuple(f"{plan.source.dataset}-{plan.case}-seed{plan.seed}-{digest}" for digest in digests)

    def jobs(self) -> list[TrainingJob]:
        """Give the local training of the malicious models."""
        plan = self.plans[0]
        return list(impostor_jobs(open_case(plan), plan.seed, plan.setup.recipe).values())


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one founder measures of one registrant, on records of its own of the classes that both hold.

    deviation: the left side of eq. 2 per sample, 0 to 1. nearest: the same measure between the registrant and the
    nearest registered model, that of party `neighbour`.
    """

    case: str
    seed: int
    party: int
    attack: str
    founder: int
    vouched: tuple[int, ...]
    samples: int
    deviation: float
    nearest: float
    neighbour: int


def omega_unit(unit: OmegaUnit, directory: Path) -> Plain:
    """Give what was measured before, or measure now.

    It holds "measurements", "triggers" (rows of `trigger`), "seconds" of processor time, and what `kept` adds.
    """
    path = unit_path(unit, directory)
    return kept(path, directory / "unfinished", partial(measured, unit, directory / "models"))


def is_measured(unit: OmegaUnit, directory: Path) -> bool:
    """Say whether the unit was measured before."""
    return unit_path(unit, directory).exists()


def unit_path(unit: OmegaUnit, directory: Path) -> Path:
    """Give the place of what is measured."""
    return kept_place(directory / "omega", unit.names)


def measured(unit: OmegaUnit, models: Path) -> Plain:
    """Measure all registrants of a case and seed, and play the backdoor's runs."""
    begun, plan = process_time(), unit.plans[0]
    case = open_case(plan)
    world = open_world(case, plan.seed, plan.setup.recipe, models)
    jobs = impostor_jobs(case, plan.seed, plan.setup.recipe)
    false = {number: impostors(world, number, jobs, models) for number in regular_numbers(case)}
    found = [asdict(row) for number in false for row in measurements(plan, world, number, false[number])]
    _, parties = conspirators(world)
    backdoors = {party: false[party - 1][BACKDOOR] for party in parties}
    triggers = [row for each in unit.plans for row in trigger_rows(each, world, backdoors)]
    return {"measurements": found, "triggers": triggers, "seconds": round(process_time() - begun, 1)}


def measurements(
    plan: RunPlan, world: World, number: int, false: Mapping[str, Model]
) -> Iterator[Measurement]:
    """Yield what every founder that can vouch measures of a party, and of those who stand in its place."""
    own = PartyId(number + 1)
    others = {party: model for party, model in world.models.items() if party != own}
    for attack, model in {HONEST: world.models[own], **false}.items():
        # A copy comes second: the model it copies is registered.
        known = world.models if attack in NOISE else others
        for founder, party in enumerate(world.case.parties):
            vouched = tuple(sorted(set(party.held).intersection(world.case.parties[number].held)))
            if party.original and vouched:
                data = party.private.select(range(min(plan.budget.scan, len(party.private))))
                distances = dict(zip(known, deviations(model, known.values(), data, vouched), strict=True))
                nearest = min(sorted(distances), key=lambda each: distances[each].total)
                yield Measurement(
                    plan.case,
                    plan.seed,
                    own,
                    attack,
                    founder + 1,
                    vouched,
                    distances[PartyId(founder + 1)].samples,
                    distances[PartyId(founder + 1)].per_sample,
                    distances[nearest].per_sample,
                    nearest,
                )

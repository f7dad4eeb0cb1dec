"""What malicious parties register in the place of an honest model (type I)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from bema_py.core.parameter_file import MAX_PARAMETER
from bema_py.core.types import PartyId
from bema_py.experiments.local_models import local_model
from bema_py.experiments.world import World, registered, training_jobs
from bema_py.learning.attacks import backdoored, random_model, swapped_labels
from bema_py.learning.cases import DataCase
from bema_py.learning.model import IntArray, Model
from bema_py.learning.parties import TrainingJob
from bema_py.learning.recipe import Recipe

HONEST = "honest"
SWAPPED = "swapped labels"
RANDOM = "random parameters"
BACKDOOR = "backdoor"
COPY = "copy"
NOISE: Mapping[str, float] = MappingProxyType(
    {
        COPY: 0.0,
        "copy, 1 % noise": 0.01,
        "copy, 10 % noise": 0.1,
        "copy, 30 % noise": 0.3,
        "copy, 100 % noise": 1.0,
    }
)
"""Standard deviation of the noise on a copied tensor, as a share of the tensor's own."""
ATTACKS = (SWAPPED, RANDOM, BACKDOOR, *NOISE)
STAMPED_SHARE = 0.2
"""Of a backdoored party's records that bear the trigger and the target class."""


def regular_numbers(case: DataCase) -> list[int]:
    """Give the numbers of the regular parties, counting from 0."""
    return [number for number, party in enumerate(case.parties) if not party.original]


def target_class(case: DataCase, number: int) -> int:
    """Give the class that a party's trigger shall mean: of those it holds, the one most regular parties hold."""
    holders = Counter(label for regular in regular_numbers(case) for label in case.parties[regular].held)
    return max(case.parties[number].held, key=lambda label: (holders[label], -label))


def impostor_jobs(case: DataCase, seed: int, recipe: Recipe) -> dict[tuple[int, str], TrainingJob]:
    """Give the local training of the malicious models, by the number of the party they stand for and the attack.

    Public samples stay as they are: everybody can compare them.
    """
    honest = training_jobs(case, seed, recipe)
    jobs = {}
    for number in regular_numbers(case):
        party, own = case.parties[number], honest[number].seed
        false = {
            SWAPPED: swapped_labels(party.private, own),
            BACKDOOR: backdoored(party.private, target_class(case, number), STAMPED_SHARE, own),
        }
        for attack, private in false.items():
            jobs[number, attack] = replace(honest[number], party=replace(party, private=private))
    return jobs


def impostors(
    world: World, number: int, jobs: Mapping[tuple[int, str], TrainingJob], directory: Path
) -> dict[str, Model]:
    """Give the malicious models that could stand in for a party, by attack.

    A copy is the party's own registered model, brought once more under another account.
    """
    model, seed = world.models[PartyId(number + 1)], jobs[number, SWAPPED].seed
    made = {attack: local_model(jobs[number, attack], directory) for attack in (SWAPPED, BACKDOOR)}
    made[RANDOM] = random_model(model.architecture, model.classes, seed)
    copies = {name: noisy_copy(model, share, seed) for name, share in NOISE.items()}
    return {attack: (made | copies)[attack] for attack in ATTACKS}


def noisy_copy(model: Model, share: float, seed: int) -> Model:
    """Copy a model and add normal noise, its standard deviation a share of each tensor's own."""
    random = np.random.default_rng(seed)

    def noisy(values: IntArray) -> IntArray:
        noise = random.normal(0, 1, values.shape) * share * float(values.std())
        return np.clip(values + np.rint(noise), -MAX_PARAMETER, MAX_PARAMETER).astype(np.int32)

    return replace(model, theta=tuple(noisy(values) for values in model.theta))


def infiltrated(world: World, false: Mapping[PartyId, Model]) -> World:
    """Give the world in which some parties registered other models; their data stays what it is."""
    members = tuple(
        registered(member.party, world.case.parties[member.party - 1], false[member.party])
        if member.party in false
        else member
        for member in world.members
    )
    return replace(world, members=members, models={**world.models, **false})

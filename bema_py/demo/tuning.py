"""Constants of the demonstration for each data set, chosen on held-out training data."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bema_py.core.rules import Rules
from bema_py.learning.training import Recipe
from bema_py.roles.original_party import Thresholds

SCORE = 2**24
STEP = 2**30
BLOCK_REWARD, SAMPLE_REWARD = 10**16, 10**14
"""Wei: a block that uses every sample it may allots less than the demonstration's cap."""


@dataclass(frozen=True)
class Tuning:
    """What a demonstration needs besides its settings.

    quota: most samples a party offers for a block. scan: private records it looks through for them.
    """

    rules: Rules
    recipe: Recipe
    centralised_recipe: Recipe
    thresholds: Thresholds
    quota: int
    scan: int


def _rules(step: float, decay: float) -> Rules:
    return Rules(
        classes=10,
        input=(1, 28, 28),
        alpha=(1, 1),
        delta=round(0.6 * SCORE),
        sigma=round(0.2 * SCORE),
        step_initial=round(step * STEP),
        step_decay=round(decay * STEP),
        step_minimum=round(0.0001 * STEP),
        cap=2**18,
        mode="log",
        wrong_class="largest",
        round_size=20,
        max_samples=200,
        max_batch_samples=64,
        block_reward=BLOCK_REWARD,
        sample_reward=SAMPLE_REWARD,
    )


TUNINGS: Mapping[str, Tuning] = MappingProxyType(
    {
        "digits": Tuning(
            _rules(0.003, 0.95),
            Recipe(600),
            Recipe(900),
            Thresholds(round(0.2 * SCORE), round(0.001 * SCORE)),
            20,
            100,
        ),
        "mnist": Tuning(
            _rules(0.0025, 0.94),
            Recipe(2500),
            Recipe(6000),
            Thresholds(round(0.1 * SCORE), round(0.001 * SCORE)),
            20,
            300,
        ),
    }
)

"""Constants of the demonstration for each data set, chosen on held-out training data."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bema_py.core.rules import Rules
from bema_py.learning.recipe import Recipe
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


def _rules(*, delta: float, sigma: float, step: float, decay: float) -> Rules:
    return Rules(
        classes=10,
        input=(1, 28, 28),
        alpha=(1, 1),
        delta=round(delta * SCORE),
        sigma=round(sigma * SCORE),
        step_initial=round(step * STEP),
        step_decay=round(decay * STEP),
        step_minimum=round(step / 10 * STEP),
        cap=2**18,
        mode="log",
        wrong_class="largest",
        round_size=20,
        max_samples=200,
        max_batch_samples=64,
        block_reward=BLOCK_REWARD,
        sample_reward=SAMPLE_REWARD,
    )


# An honest newcomer deviates by up to 0.1 a sample on the classes it shares with a founder, one trained on swapped
# labels by 0.4 and more; two models trained apart lie at least 0.003 from each other.
THRESHOLDS = Thresholds(omega=round(0.2 * SCORE), omega_min=round(0.0005 * SCORE))

TUNINGS: Mapping[str, Tuning] = MappingProxyType(
    {
        # Short training leaves calibration something to do on a data set this easy.
        "digits": Tuning(
            rules=_rules(delta=0.6, sigma=0.3, step=0.004, decay=0.94),
            recipe=Recipe(150, held_weight=10),
            centralised_recipe=Recipe(900),
            thresholds=THRESHOLDS,
            quota=8,
            scan=80,
        ),
        "mnist": Tuning(
            rules=_rules(delta=0.6, sigma=0.2, step=0.004, decay=0.94),
            recipe=Recipe(6000, held_weight=10),
            centralised_recipe=Recipe(9000),
            thresholds=THRESHOLDS,
            quota=20,
            scan=300,
        ),
    }
)

"""What every run on a data set shares: local training, the budget of a block, and the samples held out for tuning."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bema_py.core.errors import InputError
from bema_py.learning.recipe import Recipe

MAX_BLOCKS = 50
MAX_MESSAGES = 200
"""The paper's budget: 50 iterations of 200 calibration samples (section V-C)."""
HELD_OUT_SEED = 0


class UnknownSetupError(InputError):
    """No experiment is set up for a data set of that name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"no experiment is set up for the data set {name!r}, choose one of {', '.join(SETUPS)}"
        )


class BlockCountError(InputError):
    """More blocks than the paper's budget, or none."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        super().__init__(f"blocks is {blocks}, 1 to {MAX_BLOCKS} are allowed")


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may spend.

    blocks: how many are built. messages: calibration samples sent for one block, honest and bogus together. scan:
    private records that all parties together look through for one block. evaluate_every: blocks between two
    evaluations; the first and the last state are always evaluated.
    """

    blocks: int = MAX_BLOCKS
    messages: int = MAX_MESSAGES
    scan: int = 3000
    evaluate_every: int = MAX_BLOCKS

    def __post_init__(self) -> None:
        """Refuse what the paper's budget does not allow."""
        if not 1 <= self.blocks <= MAX_BLOCKS:
            raise BlockCountError(self.blocks)

    def evaluated(self, height: int) -> bool:
        """Say whether the models after this block are evaluated."""
        return height in (0, self.blocks) or height % self.evaluate_every == 0


@dataclass(frozen=True, slots=True)
class Setup:
    """The constants of one data set, chosen on its held-out samples.

    held_out: training samples that take the place of the test set while tuning. recipe, centralised_recipe: local
    training of a party's model and of the LeNet-5 on all data. refit_steps: batches of 32 that HMR refits a model on
    for each block. fedavg_steps: batches of 32 that a party trains on between two averages; on MNIST that makes as many
    in 50 rounds as a local training has.
    """

    recipe: Recipe
    centralised_recipe: Recipe
    held_out: int
    refit_steps: int
    fedavg_steps: int

    @property
    def is_plain(self) -> bool:
        """Whether local training shows records as they are."""
        return self.recipe.distortion is None

    def without_distortions(self) -> "Setup":
        """Give the same, but local training shows records as they are."""
        return replace(
            self,
            recipe=replace(self.recipe, distortion=None),
            centralised_recipe=replace(self.centralised_recipe, distortion=None),
        )


SETUPS: Mapping[str, Setup] = MappingProxyType(
    {
        "digits": Setup(Recipe(150, held_weight=10.0), Recipe(2000), 200, refit_steps=5, fedavg_steps=10),
        "mnist": Setup(Recipe(5000, held_weight=10.0), Recipe(30000), 5000, refit_steps=20, fedavg_steps=100),
    }
)


def setup_of(dataset: str) -> Setup:
    """Give the setup of a data set; raises UnknownSetupError."""
    if dataset not in SETUPS:
        raise UnknownSetupError(dataset)
    return SETUPS[dataset]

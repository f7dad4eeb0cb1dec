"""HMR in its authors' form as a system of the engine."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from bema_py.core.rules import Rules
from bema_py.core.types import PartyId
from bema_py.experiments.systems import HmrSystem
from bema_py.experiments.world import World, genesis_hash
from bema_py.learning.hmr import margins, received_samples
from bema_py.learning.krum import Integers
from bema_py.learning.model import Model
from bema_py.learning.parties import party_seed
from bema_py.learning.recipe import Recipe
from bema_py.learning.refit import RefitData, refit
from bema_py.learning.scoring import class_scores
from bema_py.roles.assembly import membership_of


@dataclass
class RefitSystem(HmrSystem):
    """HMR that refits the two chosen models on their parties' data and all samples received so far."""

    data: dict[PartyId, RefitData] = field(kw_only=True)
    recipe: Recipe = field(kw_only=True)

    @classmethod
    def of(cls, world: World, rules: Rules, seed: int, recipe: Recipe) -> "RefitSystem":
        """Stand before the first block; `recipe` is one refit of one model."""
        data = {
            party: RefitData.of(
                world.models[party], world.private[party], world.case.public, party_seed(seed, party), recipe
            )
            for party in world.models
        }
        members = membership_of(world.members)
        return cls(rules, world.models, members, genesis_hash(seed), data=data, recipe=recipe)

    def calibrated(self, models: list[Model], images: npt.NDArray[np.uint8], labels: Integers) -> list[Model]:
        """Refit every model that receives samples of this block."""
        found = margins(class_scores(models, images, self.rules.classes), labels)
        after = list(models)
        for member, received in sorted(received_samples(found, labels, models).items()):
            data = self.data[self.membership.ids[member]]
            for sample, output in received:
                data.receive(images[sample], output)
            after[member] = refit(models[member], data, self.recipe)
        return after


def refit_recipe(recipe: Recipe, steps: int) -> Recipe:
    """Give the recipe of one refit: so many steps, at a tenth of the local training's learning rate."""
    return replace(recipe, steps=steps, learning_rate=recipe.learning_rate / 10)

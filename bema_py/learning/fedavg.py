"""Federated averaging, what people would otherwise use where all models are of one architecture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bema_py.core.architecture import Architecture
from bema_py.core.errors import InputError
from bema_py.learning.cases import CaseParty
from bema_py.learning.float_net import initial_parameters, split_parameters
from bema_py.learning.kinds import find_kind
from bema_py.learning.model import Model
from bema_py.learning.parties import party_seed
from bema_py.learning.recipe import Distortion, Recipe
from bema_py.learning.sampling import BalancedSampler
from bema_py.learning.training import descend


class UnlikeModelsError(InputError):
    """Parameters of unlike architectures have no average."""

    def __init__(self, kinds: Sequence[str]) -> None:
        """Keep the kinds found."""
        self.kinds = tuple(sorted(set(kinds)))
        super().__init__(f"FedAvg needs models of one kind, the parties have {', '.join(self.kinds)}")


@dataclass(frozen=True)
class HeldClasses:
    """Batches of a party's own data for a model that scores all classes: output j is class j."""

    local: BalancedSampler
    held: Tensor

    def draw(self, size: int, distortion: Distortion | None) -> tuple[Tensor, Tensor]:
        """Draw distorted images and their classes."""
        images, positions = self.local.draw(size, distortion)
        return images, self.held[positions]


def federated_averaging(
    parties: Sequence[CaseParty], classes: int, seed: int, recipe: Recipe
) -> Iterator[Model]:
    """Yield the common model: at first untrained, then after each round.

    In a round every party trains the common parameters by the recipe on its private data, and the results are averaged,
    weighted by the number of samples. Raises UnlikeModelsError. Endless: the caller stops.
    """
    kinds = [party.architecture for party in parties]
    if len(set(kinds)) > 1:
        raise UnlikeModelsError(kinds)
    architecture = find_kind(kinds[0]).build(classes + 1, parties[0].private.shape)
    batches = [held_batches(party, party_seed(seed, number)) for number, party in enumerate(parties)]
    sizes = torch.tensor([float(len(party.private)) for party in parties])
    common = initial_parameters(architecture, torch.Generator().manual_seed(seed))
    while True:
        yield grid_model(architecture, common)
        trained = torch.stack([local_round(architecture, common, local, recipe) for local in batches])
        common = (trained * (sizes / sizes.sum())[:, None]).sum(dim=0)


def held_batches(party: CaseParty, seed: int) -> HeldClasses:
    """Give a party's own batches; nothing is shown as none of the classes, since the model scores them all."""
    local = BalancedSampler(
        party.held,
        party.private,
        None,
        held_weight=1.0,
        reserved_share=0.0,
        generator=torch.Generator().manual_seed(seed),
    )
    return HeldClasses(local, torch.from_numpy(np.array(party.held, dtype=np.int64)))


def local_round(architecture: Architecture, common: Tensor, batches: HeldClasses, recipe: Recipe) -> Tensor:
    """Give one party's parameters after its part of a round."""
    flat = common.clone().requires_grad_()
    descend(architecture, flat, batches, recipe, "cross_entropy", None)
    return flat.detach()


def grid_model(architecture: Architecture, flat: Tensor) -> Model:
    """Round float parameters to a model that scores all classes; its last output is the reserved one."""
    parts = [part.numpy() for part in split_parameters(architecture, flat)]
    return Model.from_floats(architecture, range(architecture.outputs - 1), parts)

"""HMR as its authors calibrate: a model is refitted on its local data together with the samples it received."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from bema_py.learning.augmentation import distort
from bema_py.learning.datasets import ByteArray, Dataset
from bema_py.learning.float_net import flat_parameters, split_parameters
from bema_py.learning.model import Model
from bema_py.learning.parallel import single_threaded_operations
from bema_py.learning.recipe import Distortion, Recipe
from bema_py.learning.sampling import BalancedSampler
from bema_py.learning.training import descend

RECEIVED_SHARE = 0.25
"""Share of each batch that shows received samples."""


@dataclass
class RefitData:
    """Batches of one party's local data and of the samples it received so far, images float32 in [0, 1)."""

    local: BalancedSampler
    generator: torch.Generator
    images: list[Tensor] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    @classmethod
    def of(
        cls, model: Model, private: Dataset, public: Dataset | None, seed: int, recipe: Recipe
    ) -> "RefitData":
        """Begin with the local data alone."""
        generator = torch.Generator().manual_seed(seed)
        local = BalancedSampler(
            model.classes,
            private,
            public,
            held_weight=recipe.held_weight,
            reserved_share=recipe.reserved_share,
            generator=generator,
        )
        return cls(local, generator)

    def receive(self, image: ByteArray, output: int) -> None:
        """Keep a sample, uint8 (channels, height, width), and the output it is to have."""
        self.images.append(torch.from_numpy(image.astype(np.float32)).div_(256))
        self.outputs.append(output)

    def draw(self, size: int, distortion: Distortion | None) -> tuple[Tensor, Tensor]:
        """Draw a batch of which RECEIVED_SHARE are received samples."""
        received = round(size * RECEIVED_SHARE)
        images, outputs = self.local.draw(size - received, distortion)
        rows = torch.randint(0, len(self.outputs), (received,), generator=self.generator)
        shown = distort(torch.stack([self.images[row] for row in rows.tolist()]), distortion, self.generator)
        wanted = torch.tensor([self.outputs[row] for row in rows.tolist()])
        return torch.cat([images, shown]), torch.cat([outputs, wanted])


def refit(model: Model, data: RefitData, recipe: Recipe) -> Model:
    """Train a model further by the recipe, from its present parameters on; `data` must hold received samples."""
    flat = flat_parameters(model, torch.float32).requires_grad_()
    with single_threaded_operations():
        descend(model.architecture, flat, data, recipe, "cross_entropy", None)
    parts = [part.numpy() for part in split_parameters(model.architecture, flat.detach())]
    return Model.from_floats(model.architecture, model.classes, parts)

"""A party's own training: any float recipe is allowed, this one is repeatable on one machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from bema_py.core.architecture import Architecture
from bema_py.learning.augmentation import Distortion
from bema_py.learning.datasets import Dataset
from bema_py.learning.float_net import float_logits, initial_parameters, split_parameters
from bema_py.learning.model import Model
from bema_py.learning.parallel import single_threaded_operations
from bema_py.learning.sampling import BalancedSampler

PARAMETER_BOUND = 4.0
"""Parameters are stored in 2^-28 and may not exceed 2^30 there."""

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in all); may raise to stop."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Length and strength of a local training.

    learning_rate is the peak; it falls to zero along half a cosine. smoothing: label smoothing of the cross entropy.
    held_weight: how many times as likely a batch shows a class of the private data as another class of the label
    space. reserved_share: share of each batch that shows no class of the label space.
    """

    steps: int
    batch_size: int = 32
    learning_rate: float = 1.5e-3
    weight_decay: float = 1e-2
    smoothing: float = 0.0
    held_weight: float = 1.0
    reserved_share: float = 0.05
    distortion: Distortion = field(default_factory=Distortion)


def train_local(
    architecture: Architecture,
    label_space: Sequence[int],
    private: Dataset,
    public: Dataset | None,
    seed: int,
    recipe: Recipe,
    *,
    progress: Progress | None = None,
) -> Model:
    """Train a model on a party's private samples and the public ones.

    The same arguments give the same parameters on the same machine: one thread, own generator. Raises
    DatasetSizeError for a class of the label space without samples.
    """
    generator = torch.Generator().manual_seed(seed)
    sampler = BalancedSampler(
        label_space,
        private,
        public,
        held_weight=recipe.held_weight,
        reserved_share=recipe.reserved_share,
        generator=generator,
    )
    flat = initial_parameters(architecture, generator).requires_grad_()
    with single_threaded_operations():
        descend(architecture, flat, sampler, recipe, progress)
    parts = [part.numpy() for part in split_parameters(architecture, flat.detach())]
    return Model.from_floats(architecture, tuple(label_space), parts)


def descend(
    architecture: Architecture,
    flat: Tensor,
    sampler: BalancedSampler,
    recipe: Recipe,
    progress: Progress | None,
) -> None:
    """Minimise the cross entropy over the recipe's batches, changing the parameters in place."""
    optimiser = torch.optim.AdamW([flat], recipe.learning_rate, (0.9, 0.99), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)
    for step in range(recipe.steps):
        images, outputs = sampler.draw(recipe.batch_size, recipe.distortion)
        logits = float_logits(architecture, flat, images)
        loss = functional.cross_entropy(logits, outputs, label_smoothing=recipe.smoothing)
        (flat.grad,) = torch.autograd.grad(loss, flat)
        optimiser.step()
        schedule.step()
        flat.data.clamp_(-PARAMETER_BOUND, PARAMETER_BOUND)
        if progress is not None:
            progress(step + 1, recipe.steps)

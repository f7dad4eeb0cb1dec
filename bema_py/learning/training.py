"""A party's own training: any float recipe is allowed, this one is repeatable on one machine."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

from bema_py.core.architecture import Architecture
from bema_py.core.parameter_file import MAX_PARAMETER
from bema_py.learning.arithmetic import PARAMETER_ONE
from bema_py.learning.datasets import Dataset
from bema_py.learning.float_net import float_logits, initial_parameters, split_parameters
from bema_py.learning.model import Model
from bema_py.learning.parallel import single_threaded_operations
from bema_py.learning.recipe import Recipe
from bema_py.learning.sampling import BalancedSampler, Batches

PARAMETER_BOUND = MAX_PARAMETER / PARAMETER_ONE
"""What the integer grid can hold of a parameter: 4."""

HINGE_MARGIN = 3.0
"""Logits by which the right output must lead. A larger margin makes softmax surer and the model less accurate: of 1, 3,
6 and 10 this one has the least cross entropy on 5,000 held-out samples of MNIST."""

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in all); may raise to stop."""


def cross_entropy(logits: Tensor, outputs: Tensor, smoothing: float) -> Tensor:
    """Give the mean cross entropy."""
    return functional.cross_entropy(logits, outputs, label_smoothing=smoothing)


def hinge(logits: Tensor, outputs: Tensor, _smoothing: float) -> Tensor:
    """Give the mean hinge loss of a support vector machine for several classes, each other output counting."""
    return functional.multi_margin_loss(logits, outputs, margin=HINGE_MARGIN)


LOSS_FUNCTIONS: Mapping[str, Callable[[Tensor, Tensor, float], Tensor]] = MappingProxyType(
    {"cross_entropy": cross_entropy, "hinge": hinge}
)


def train_local(
    architecture: Architecture,
    label_space: Sequence[int],
    private: Dataset,
    public: Dataset | None,
    seed: int,
    recipe: Recipe,
    *,
    loss: str = "cross_entropy",
    progress: Progress | None = None,
) -> Model:
    """Train a model on a party's private samples and the public ones; `loss` is a key of LOSS_FUNCTIONS.

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
        descend(architecture, flat, sampler, recipe, loss, progress)
    parts = [part.numpy() for part in split_parameters(architecture, flat.detach())]
    return Model.from_floats(architecture, tuple(label_space), parts)


def descend(
    architecture: Architecture,
    flat: Tensor,
    sampler: Batches,
    recipe: Recipe,
    loss: str,
    progress: Progress | None,
) -> None:
    """Minimise the loss over the recipe's batches, changing the parameters in place."""
    optimiser = torch.optim.AdamW([flat], recipe.learning_rate, (0.9, 0.99), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)
    for step in range(recipe.steps):
        images, outputs = sampler.draw(recipe.batch_size, recipe.distortion)
        logits = float_logits(architecture, flat, images)
        value = LOSS_FUNCTIONS[loss](logits, outputs, recipe.smoothing)
        (flat.grad,) = torch.autograd.grad(value, flat)
        optimiser.step()
        schedule.step()
        flat.data.clamp_(-PARAMETER_BOUND, PARAMETER_BOUND)
        if progress is not None:
            progress(step + 1, recipe.steps)

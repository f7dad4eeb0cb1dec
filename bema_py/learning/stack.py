"""Models of one architecture side by side as tensors, so that one product serves them all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bema_py.core.architecture import Architecture
from bema_py.core.layers import Convolution, Linear
from bema_py.learning.arithmetic import ACTIVATION_UNIT, WEIGHT_SHIFT, WEIGHT_UNIT, round_shift_
from bema_py.learning.model import IntArray, Model


@dataclass(frozen=True, slots=True)
class Parameters:
    """Weight (models, out, in) and bias (models, out) of one layer, integers in float64.

    A convolution's column is (channel * 5 + row) * 5 + column of the kernel.
    """

    weight: Tensor
    bias: Tensor


LayerParameters = tuple[Parameters | None, ...]
"""One entry for each layer of the architecture; None where the layer has no parameters."""


@dataclass(frozen=True, slots=True)
class ModelStack:
    """Models of one architecture: the master parameters and the working ones derived from them.

    `theta` counts in 2^-28. `working` holds the weights W = R(theta, 8) as real numbers, multiples of 2^-20,
    and the biases in 2^-16, the unit of activations, one half added: the floor of a layer's product and sum is
    then rounded half up. Scaling by powers of two keeps every sum exact, and so does the half: below 2^53 the
    largest sums of `core.bounds` leave room for it.
    """

    architecture: Architecture
    label_spaces: tuple[tuple[int, ...], ...]
    theta: LayerParameters
    working: LayerParameters

    @property
    def models(self) -> int:
        """Give the number of models side by side."""
        return len(self.label_spaces)


def stack_models(models: Sequence[Model]) -> ModelStack:
    """Stack models that share one architecture."""
    columns = iter([stack_tensor(values) for values in zip(*(model.theta for model in models), strict=True)])
    theta = tuple(
        Parameters(next(columns), next(columns).flatten(1))
        if isinstance(layer, Convolution | Linear)
        else None
        for layer in models[0].architecture.layers
    )
    return with_theta(models[0].architecture, tuple(model.classes for model in models), theta)


def stack_tensor(values: Iterable[IntArray]) -> Tensor:
    """Stack one tensor of every model to float64 (models, out, in)."""
    stacked = torch.from_numpy(np.stack(list(values)).astype(np.float64))
    return stacked.reshape(stacked.shape[0], stacked.shape[1], -1)


def with_theta(
    architecture: Architecture, label_spaces: tuple[tuple[int, ...], ...], theta: LayerParameters
) -> ModelStack:
    """Build the stack of these master parameters and derive the working ones."""
    working = tuple(None if layer is None else working_parameters(layer) for layer in theta)
    return ModelStack(architecture, label_spaces, theta, working)


def working_parameters(layer: Parameters) -> Parameters:
    """Round theta to the working weights of one layer."""
    # The first scaling makes the copy that the rest works on.
    weight = round_shift_(layer.weight.mul(2.0**-WEIGHT_SHIFT), 0).mul_(2.0**-WEIGHT_UNIT)
    bias = round_shift_(layer.bias.mul(2.0**-WEIGHT_SHIFT), 0).mul_(2.0 ** (ACTIVATION_UNIT - WEIGHT_UNIT))
    return Parameters(weight, bias.add_(0.5))


def select_rows(stack: ModelStack, rows: Sequence[int]) -> ModelStack:
    """Give the stack of some of its models; they are not copied where they stand side by side."""
    side_by_side = list(rows) == list(range(rows[0], rows[-1] + 1))
    place = slice(rows[0], rows[-1] + 1) if side_by_side else list(rows)

    def of(layers: LayerParameters) -> LayerParameters:
        return tuple(layer and Parameters(layer.weight[place], layer.bias[place]) for layer in layers)

    spaces = tuple(stack.label_spaces[row] for row in rows)
    return ModelStack(stack.architecture, spaces, of(stack.theta), of(stack.working))


def unstack(stack: ModelStack) -> tuple[Model, ...]:
    """Turn the stack back into models."""
    tensors = [t for layer in stack.theta if layer is not None for t in (layer.weight, layer.bias)]
    shapes = [shape for _, shape in stack.architecture.parameter_shapes()]
    arrays = [
        tensor.numpy().astype(np.int32).reshape(stack.models, *shape)
        for tensor, shape in zip(tensors, shapes, strict=True)
    ]
    return tuple(
        Model(stack.architecture, classes, tuple(array[position] for array in arrays))
        for position, classes in enumerate(stack.label_spaces)
    )

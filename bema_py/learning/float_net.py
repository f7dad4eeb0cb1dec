"""The float twin of the exact forward pass, for a party's own training before it registers."""

from math import prod, sqrt

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bema_py.core.architecture import Architecture
from bema_py.core.layers import Convolution, Linear, Pool
from bema_py.learning.arithmetic import PARAMETER_ONE
from bema_py.learning.model import Model


def initial_parameters(architecture: Architecture, generator: torch.Generator) -> Tensor:
    """Draw all parameters as one float32 vector: weights of variance 2/inputs, biases zero."""
    parts = []
    for _, shape in architecture.parameter_shapes():
        fan_in = prod(shape[1:])
        drawn = torch.randn(prod(shape), generator=generator) * sqrt(2 / fan_in)
        parts.append(drawn if len(shape) > 1 else torch.zeros(prod(shape)))
    return torch.cat(parts)


def flat_parameters(model: Model, precision: torch.dtype) -> Tensor:
    """Give a model's parameters as one vector of real numbers, layer by layer."""
    flat = np.concatenate([values.reshape(-1) for values in model.theta]).astype(np.float64)
    return torch.from_numpy(flat).div_(PARAMETER_ONE).to(precision)


def split_parameters(architecture: Architecture, flat: Tensor) -> tuple[Tensor, ...]:
    """Cut the vector into the tensors of `Architecture.parameter_shapes()`, as views."""
    shapes = [shape for _, shape in architecture.parameter_shapes()]
    parts = torch.split(flat, [prod(shape) for shape in shapes])
    return tuple(part.view(shape) for part, shape in zip(parts, shapes, strict=True))


def float_logits(architecture: Architecture, flat: Tensor, images: Tensor) -> Tensor:
    """Give the logits (n, outputs) of images (n, channels, height, width) with values pixel/256."""
    parameters = iter(split_parameters(architecture, flat))
    values = images
    for layer in architecture.layers:
        if isinstance(layer, Convolution):
            values = functional.conv2d(values, next(parameters), next(parameters), padding=layer.padding)
        elif isinstance(layer, Linear):
            values = functional.linear(values.flatten(1), next(parameters), next(parameters))
        elif isinstance(layer, Pool):
            values = functional.avg_pool2d(values, 2)
        else:
            values = functional.relu(values)
    return values

"""The exact backward pass, for several models of one architecture and several steps at once.

Deltas have the layout of the activations: the step is the last dimension.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from bema_py.core.layers import KERNEL, Convolution, Linear, Pool, Relu
from bema_py.learning.arithmetic import clamp_, round_shift_
from bema_py.learning.forward import pad, unfold
from bema_py.learning.stack import ModelStack, Parameters

LINEAR_DELTA_BITS = 22
"""Clamp on the deltas that a linear layer passes down."""

CONVOLUTION_DELTA_BITS = 22
"""Clamp on the deltas that a convolution passes down."""

CONVOLUTION_WEIGHT_BITS = 22
"""Clamp on the gradient of a convolution's weights."""

CONVOLUTION_BIAS_BITS = 22
"""Clamp on the gradient of a convolution's biases."""

POOL_EXPONENT = 2
"""Each pooling leaves the deltas in units smaller by this power of two instead of dividing them."""


@dataclass(frozen=True, slots=True)
class ConvolutionGradient:
    """Every step's gradient in 2^-18: weight (models, steps, out, in * 25), bias (models, steps, out)."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True, slots=True)
class LinearGradient:
    """The two factors of the weight gradient: delta (models, out, steps) and input (models, in, steps).

    Their product is never formed for a single step: it would take as much memory as the layer for each step.
    """

    delta: Tensor
    inputs: Tensor


LayerGradient = ConvolutionGradient | LinearGradient


def gradients(stack: ModelStack, activations: list[Tensor], deltas: Tensor) -> list[LayerGradient | None]:
    """Give the gradient of every layer, None where it has no parameters.

    `activations` are those of `all_activations`, one input for each model; `deltas` (models, outputs, steps)
    are at the logits, in 2^-20.
    """
    layers = stack.architecture.layers
    first = next(index for index, layer in enumerate(layers) if isinstance(layer, Convolution | Linear))
    found: list[LayerGradient | None] = [None] * len(layers)
    exponent = 0
    for index in range(len(layers) - 1, first - 1, -1):
        layer, parameters, inputs = layers[index], stack.working[index], activations[index]
        match layer:
            case Relu():
                deltas = deltas * (activations[index + 1] > 0)
            case Pool():
                deltas = deltas.repeat_interleave(2, 2).repeat_interleave(2, 3)
                exponent += POOL_EXPONENT
            case Linear():
                found[index] = LinearGradient(deltas, inputs.flatten(1, -2))
                if index > first:
                    deltas = linear_input_delta(parameters, deltas).view(inputs.shape)
            case Convolution():
                found[index] = convolution_gradient(inputs, deltas, layer.padding, exponent)
                if index > first:
                    deltas = convolution_input_delta(parameters, deltas, inputs, layer.padding, exponent)
                exponent = 0
    return found


def linear_input_delta(parameters: Parameters | None, deltas: Tensor) -> Tensor:
    """Give d' = C_22(R(W^T d, 20))."""
    assert parameters is not None  # a linear layer has them
    return clamp_(round_shift_(torch.bmm(parameters.weight.mT, deltas), 0), LINEAR_DELTA_BITS)


def convolution_gradient(inputs: Tensor, deltas: Tensor, padding: int, exponent: int) -> ConvolutionGradient:
    """Give every step's own gradient: it is clamped and rounded before the steps are added up."""
    models, steps = inputs.shape[0], inputs.shape[-1]
    patches = unfold(pad(inputs.movedim(-1, 1).flatten(0, 1).unsqueeze(-1), padding))
    by_step = deltas.movedim(-1, 1).flatten(0, 1).flatten(2)
    weight = clamp_(round_shift_(torch.bmm(by_step, patches.mT), 18 + exponent), CONVOLUTION_WEIGHT_BITS)
    bias = clamp_(round_shift_(by_step.sum(-1), 2 + exponent), CONVOLUTION_BIAS_BITS)
    return ConvolutionGradient(weight.view(models, steps, *weight.shape[1:]), bias.view(models, steps, -1))


def convolution_input_delta(
    parameters: Parameters | None, deltas: Tensor, inputs: Tensor, padding: int, exponent: int
) -> Tensor:
    """Give d' = C_22(R(transposed sum, 20 + exponent)), shaped like the inputs."""
    assert parameters is not None  # a convolution has them
    models, channels, height, width, steps = inputs.shape
    patches = torch.bmm(parameters.weight.mT, deltas.flatten(2))
    patches = patches.view(models, channels, KERNEL, KERNEL, *deltas.shape[2:])
    padded = inputs.new_zeros(models, channels, height + 2 * padding, width + 2 * padding, steps)
    rows, columns = deltas.shape[2:4]
    for u in range(KERNEL):
        for v in range(KERNEL):
            padded[:, :, u : u + rows, v : v + columns] += patches[:, :, u, v]
    total = padded[:, :, padding : padding + height, padding : padding + width]
    return clamp_(round_shift_(total, exponent), CONVOLUTION_DELTA_BITS)

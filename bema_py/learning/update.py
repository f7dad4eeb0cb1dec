"""What one round adds to the master parameters."""

from dataclasses import dataclass

import torch
from torch import Tensor

from bema_py.core.layers import Convolution
from bema_py.learning.arithmetic import PARAMETER_BITS, clamp_, round_shift_
from bema_py.learning.backward import ConvolutionGradient, LayerGradient, LinearGradient
from bema_py.learning.stack import LayerParameters, ModelStack, Parameters, with_theta

SCALED_DELTA_BITS = 24
"""Clamp on u, the scaled delta of a linear layer; with it 127 steps stay below 2^53."""

CONVOLUTION_PARAMETER_BITS = PARAMETER_BITS
LINEAR_WEIGHT_BITS = PARAMETER_BITS
LINEAR_BIAS_BITS = PARAMETER_BITS


@dataclass(frozen=True, slots=True)
class StepScale:
    """The multipliers M in 2^-30 and the signs of the update, both float64 (models, steps)."""

    multipliers: Tensor
    signs: Tensor


def empty_sums(stack: ModelStack) -> LayerParameters:
    """Give zeros in the shape of the parameters, to which steps are added in any order."""
    return tuple(
        None if layer is None else Parameters(torch.zeros_like(layer.weight), torch.zeros_like(layer.bias))
        for layer in stack.theta
    )


def add_steps(sums: LayerParameters, gradients: list[LayerGradient | None], scale: StepScale) -> None:
    """Add these steps to the sums of their round, in place."""
    for layer, gradient in zip(sums, gradients, strict=True):
        if layer is None or gradient is None:
            continue
        if isinstance(gradient, ConvolutionGradient):
            add_convolution_steps(layer, gradient, scale)
        else:
            add_linear_steps(layer, gradient, scale)


def add_convolution_steps(sums: Parameters, gradient: ConvolutionGradient, scale: StepScale) -> None:
    """Add sign * R(M * g, 20)."""
    multipliers, signs = scale.multipliers[:, :, None], scale.signs[:, :, None]
    weight = round_shift_(gradient.weight * multipliers[..., None], 20).mul_(signs[..., None])
    bias = round_shift_(gradient.bias * multipliers, 20).mul_(signs)
    sums.weight.add_(weight.sum(1))
    sums.bias.add_(bias.sum(1))


def add_linear_steps(sums: Parameters, gradient: LinearGradient, scale: StepScale) -> None:
    """Add sign * u * A and sign * u with u = C_24(R(M * d, 24)): all steps in one product."""
    scaled = clamp_(round_shift_(gradient.delta * scale.multipliers[:, None], 24), SCALED_DELTA_BITS)
    signed = scaled.mul_(scale.signs[:, None])
    sums.weight.baddbmm_(signed, gradient.inputs.mT)
    sums.bias.add_(signed.sum(-1))


def apply_sums(stack: ModelStack, sums: LayerParameters) -> ModelStack:
    """Give the stack after the round; the sums are used up."""
    theta: list[Parameters | None] = []
    for layer, old, total in zip(stack.architecture.layers, stack.theta, sums, strict=True):
        if old is None or total is None:
            theta.append(None)
        elif isinstance(layer, Convolution):
            theta.append(apply_convolution(old, total))
        else:
            theta.append(apply_linear(old, total))
    return with_theta(stack.architecture, stack.label_spaces, tuple(theta))


def apply_convolution(old: Parameters, total: Parameters) -> Parameters:
    """Give C_30(theta + sum), in the place of the sums."""
    weight = clamp_(total.weight.add_(old.weight), CONVOLUTION_PARAMETER_BITS)
    return Parameters(weight, clamp_(total.bias.add_(old.bias), CONVOLUTION_PARAMETER_BITS))


def apply_linear(old: Parameters, total: Parameters) -> Parameters:
    """Give C_30(theta + R(sum, 14)) for the weights and C_30(theta + 4 * sum) for the biases, in their place."""
    weight = clamp_(round_shift_(total.weight, 14).add_(old.weight), LINEAR_WEIGHT_BITS)
    return Parameters(weight, clamp_(total.bias.mul_(4).add_(old.bias), LINEAR_BIAS_BITS))

"""The exact forward pass, for several models of one architecture at once.

Activations have the batch in the last dimension: (models, channels, height, width, batch) or
(models, features, batch). Unfolding then copies long contiguous runs and a whole chunk is one matrix product.
The first dimension is 1 while all models see the same images.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bema_py.core.layers import KERNEL, Convolution, Layer, Linear, Pool
from bema_py.learning.arithmetic import ACTIVATION_UNIT, clamp_, round_shift_
from bema_py.learning.stack import ModelStack, Parameters

ByteArray = npt.NDArray[np.uint8]

OUTPUT_SHIFT = 20
"""From the unit of the products back to the unit of activations."""

LINEAR_OUTPUT_BITS = 22
"""Clamp on the outputs Z of linear layers."""

CONVOLUTION_OUTPUT_BITS = 22
"""Clamp on the outputs Z of convolutions."""


def input_activations(images: ByteArray) -> Tensor:
    """Give A_0 = 256 * pixel, shaped (models, channels, height, width, batch).

    `images` is (models, batch, channels, height, width), with 1 model where all see the same images.
    """
    # Always a copy: torch takes no arrays that are read-only.
    batch_last = np.moveaxis(images, 1, -1).copy(order="C")
    return torch.from_numpy(batch_last).to(torch.float64).mul_(2.0 ** (ACTIVATION_UNIT - 8))


def logits(stack: ModelStack, activations: Tensor) -> Tensor:
    """Give the logits (models, outputs, batch) in 2^-16 for the input activations."""
    for layer, parameters in zip(stack.architecture.layers, stack.working, strict=True):
        activations = layer_output(layer, parameters, activations)
    return activations


def all_activations(stack: ModelStack, activations: Tensor) -> list[Tensor]:
    """Give the input of every layer and the logits; entry k is the input of layer k."""
    kept = [activations]
    for layer, parameters in zip(stack.architecture.layers, stack.working, strict=True):
        kept.append(layer_output(layer, parameters, kept[-1]))
    return kept


def layer_output(layer: Layer, parameters: Parameters | None, inputs: Tensor) -> Tensor:
    """Apply one layer."""
    if isinstance(layer, Pool):
        return pool(inputs)
    if parameters is None:
        return inputs.clamp(min=0.0)
    if isinstance(layer, Linear):
        return linear(parameters, inputs.flatten(1, -2))
    assert isinstance(layer, Convolution)  # the fourth and last kind
    return convolution(parameters, inputs, layer.padding)


def linear(parameters: Parameters, inputs: Tensor) -> Tensor:
    """Give Z = C_22(R(sum W * A + b * 2^16, 20)), shaped (models, out, batch), for inputs (models, in, batch).

    The product is formed with the features last: for few samples that is up to twice as fast.
    """
    weight, bias = parameters.weight, parameters.bias
    if inputs.shape[0] == 1:
        # All models see one input: their rows are one matrix.
        joined = torch.addmm(bias.reshape(1, -1), inputs[0].T, weight.flatten(0, 1).T)
        outputs = joined.view(-1, *bias.shape).permute(1, 2, 0)
    else:
        outputs = torch.baddbmm(bias[:, None], inputs.mT, weight.mT).mT
    return clamp_(round_shift_(outputs, OUTPUT_SHIFT), LINEAR_OUTPUT_BITS)


def convolution(parameters: Parameters, inputs: Tensor, padding: int) -> Tensor:
    """Give Z as for a linear layer, shaped (models, out, height, width, batch)."""
    height, width = (side + 2 * padding - KERNEL + 1 for side in inputs.shape[2:4])
    weight, bias, patches = parameters.weight, parameters.bias, unfold(inputs, padding)
    if inputs.shape[0] == 1:
        outputs = torch.addmm(bias.reshape(-1, 1), weight.flatten(0, 1), patches[0])
    else:
        outputs = torch.baddbmm(bias[:, :, None], weight, patches)
    clamp_(round_shift_(outputs, OUTPUT_SHIFT), CONVOLUTION_OUTPUT_BITS)
    return outputs.view(*bias.shape, height, width, inputs.shape[4])


def unfold(images: Tensor, padding: int) -> Tensor:
    """Give the 5x5 patches as (models, channels * 25, positions * batch).

    `images` is (models, channels, height, width, batch). A convolution becomes a matrix product this way;
    conv2d may choose an algorithm whose sums are not exact.
    """
    windows = pad(images, padding).unfold(2, KERNEL, 1).unfold(3, KERNEL, 1)
    models, channels, height, width, batch = windows.shape[:5]
    patches = windows.permute(0, 1, 5, 6, 2, 3, 4)
    return patches.reshape(models, channels * KERNEL * KERNEL, height * width * batch)


def pad(images: Tensor, padding: int) -> Tensor:
    """Surround (models, channels, height, width, batch) with zeros."""
    if padding == 0:
        return images
    models, channels, height, width, batch = images.shape
    padded = images.new_zeros(models, channels, height + 2 * padding, width + 2 * padding, batch)
    padded[:, :, padding:-padding, padding:-padding] = images
    return padded


def pool(images: Tensor) -> Tensor:
    """Give R(sum of the four, 2) of every 2x2 square of (models, channels, height, width, batch)."""
    top, bottom = images[:, :, 0::2], images[:, :, 1::2]
    total = top[:, :, :, 0::2] + top[:, :, :, 1::2]
    total += bottom[:, :, :, 0::2]
    total += bottom[:, :, :, 1::2]
    return round_shift_(total, 2)

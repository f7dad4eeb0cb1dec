"""The exact forward pass, for several models of one architecture at once.

Activations have the batch in the last dimension: (models, channels, height, width, batch) or
(models, features, batch). Unfolding then copies long contiguous runs and a whole chunk is one matrix product.
The first dimension is 1 while all models see the same images.
"""

import numpy as np
import torch
from torch import Tensor

from bema_py.core.layers import KERNEL, Convolution, Linear, Pool, Relu
from bema_py.learning.arithmetic import ACTIVATION_UNIT, round_shift_
from bema_py.learning.chunks import rows_at_once, scored_at_once
from bema_py.learning.datasets import ByteArray
from bema_py.learning.stack import ModelStack, Parameters

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
    """Give the logits (models, outputs, batch) in 2^-16 for the input activations.

    Convolutions go through the samples in small parts, since unfolding multiplies their size; the linear layers
    at the end take all of them at once.
    """
    layers = stack.architecture.layers
    first = next(index for index, layer in enumerate(layers) if isinstance(layer, Linear))
    size = scored_at_once(stack.architecture, stack.models)
    cuts = (slice(start, start + size) for start in range(0, activations.shape[-1], size))
    parts = [run_layers(stack, range(first), activations[..., cut]).flatten(1, -2) for cut in cuts]
    return run_layers(stack, range(first, len(layers)), torch.cat(parts, -1))


def run_layers(stack: ModelStack, indices: range, activations: Tensor) -> Tensor:
    """Apply these layers one after the other."""
    for index in indices:
        activations = layer_output(stack, index, activations)
    return activations


def all_activations(stack: ModelStack, activations: Tensor) -> list[Tensor]:
    """Give the input of every layer and the logits; entry k is the input of layer k.

    What a ReLU takes in is given as what it puts out: see `layer_output`.
    """
    kept = [activations]
    for index in range(len(stack.architecture.layers)):
        kept.append(layer_output(stack, index, kept[-1]))
    return kept


def layer_output(stack: ModelStack, index: int, inputs: Tensor) -> Tensor:
    """Apply one layer; a ReLU behind a linear layer or a convolution is applied with their clamp."""
    layers = stack.architecture.layers
    layer, parameters = layers[index], stack.working[index]
    if isinstance(layer, Pool):
        return pool(inputs)
    if isinstance(layer, Relu):
        done = index > 0 and isinstance(layers[index - 1], Linear | Convolution)
        return inputs if done else inputs.clamp(min=0.0)
    assert parameters is not None  # the two kinds left have them
    rectified = isinstance(layers[index + 1], Relu) if index + 1 < len(layers) else False
    if isinstance(layer, Linear):
        return round_outputs_(linear(parameters, inputs.flatten(1, -2)), LINEAR_OUTPUT_BITS, rectified)
    outputs = round_outputs_(
        convolution(parameters, inputs, layer.padding), CONVOLUTION_OUTPUT_BITS, rectified
    )
    return outputs.view(*parameters.bias.shape, *stack.architecture.shapes()[index + 1][1:], -1)


def round_outputs_(sums: Tensor, bits: int, rectified: bool) -> Tensor:
    """Give C_bits(floor(sum)), the negative ones 0 where a ReLU follows; in place."""
    return sums.floor_().clamp_(0.0 if rectified else -(2.0**bits), 2.0**bits)


def linear(parameters: Parameters, inputs: Tensor) -> Tensor:
    """Give sum W * A + b + 1/2, shaped (models, out, batch), for inputs (models, in, batch).

    The product is formed the way that suits matrix multiplication: features last where there are fewer samples.
    """
    # All models see one input: their rows are one matrix.
    weight = parameters.weight.flatten(0, 1)[None] if inputs.shape[0] == 1 else parameters.weight
    bias = parameters.bias.reshape(weight.shape[:2])
    if inputs.shape[2] < weight.shape[1]:
        sums = torch.baddbmm(bias[:, None], inputs.mT, weight.mT).mT
    else:
        sums = torch.baddbmm(bias[:, :, None], weight, inputs)
    return sums.view(*parameters.bias.shape, -1)


def convolution(parameters: Parameters, inputs: Tensor, padding: int) -> Tensor:
    """Give the sums as for a linear layer, shaped (models, out, height, width * batch).

    The patches of a few rows at a time are unfolded and multiplied while they lie in the cache.
    """
    shared = inputs.shape[0] == 1
    # All models see one input: their kernels are one matrix.
    weight = parameters.weight.flatten(0, 1)[None] if shared else parameters.weight
    bias = parameters.bias.reshape(len(weight), -1, 1)
    padded = pad(inputs, padding)
    height, width = (side - KERNEL + 1 for side in padded.shape[2:4])
    sums = inputs.new_empty(*bias.shape[:2], height, width * inputs.shape[-1])
    step = rows_at_once(weight.shape[-1] * sums.shape[-1])
    for model in range(len(weight)):
        for top in range(0, height, step):
            patches = unfold(padded[model : model + 1, :, top : min(top + step, height) + KERNEL - 1])[0]
            torch.addmm(bias[model], weight[model], patches, out=sums[model, :, top : top + step].flatten(1))
    return sums.view(*parameters.bias.shape, height, -1)


def unfold(images: Tensor) -> Tensor:
    """Give the 5x5 patches as (models, channels * 25, positions * batch).

    `images` is (models, channels, height, width, batch), padded. A convolution becomes a matrix product this way;
    conv2d may choose an algorithm whose sums are not exact.
    """
    windows = images.unfold(2, KERNEL, 1).unfold(3, KERNEL, 1)
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
    rows = images[:, :, 0::2] + images[:, :, 1::2]
    return round_shift_(rows[:, :, :, 0::2] + rows[:, :, :, 1::2], 2)

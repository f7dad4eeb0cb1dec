"""How many models and samples are worked on at once, so that memory stays bounded and the caches are used."""

from math import prod

from bema_py.core.architecture import Architecture
from bema_py.core.layers import KERNEL, Convolution, Linear

CHUNK_BYTES = 4 << 20
"""Bound on the largest operand of a chunk; unfolding takes 157 KB an image in the first LeNet layer."""

MINIMUM_SAMPLES = 8
"""Stacks are kept small enough for this many samples a chunk, where one model allows it."""


def sample_bytes(architecture: Architecture, models: int, *, shared: bool) -> int:
    """Give the bytes that one sample adds to the largest operand of any layer's product.

    Where the models share their images, so do they the operand of the first layer with parameters.
    """
    shapes = architecture.shapes()
    terms = [1]
    copies = 1 if shared else models
    for index, layer in enumerate(architecture.layers):
        if isinstance(layer, Convolution | Linear):
            patch = layer.in_channels * KERNEL**2 if isinstance(layer, Convolution) else layer.inputs
            positions = prod(shapes[index + 1][1:])
            terms += [copies * patch * positions, models * prod(shapes[index + 1])]
            copies = models
    return 8 * max(terms)


def models_at_once(architecture: Architecture) -> int:
    """Give the largest number of models that a stack should hold."""
    return max(1, CHUNK_BYTES // (MINIMUM_SAMPLES * sample_bytes(architecture, 1, shared=False)))


def samples_at_once(architecture: Architecture, models: int, *, shared: bool) -> int:
    """Give the number of samples that a chunk should hold for so many models."""
    return max(1, CHUNK_BYTES // sample_bytes(architecture, models, shared=shared))

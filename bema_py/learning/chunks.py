"""How many models and samples are worked on at once, so that memory stays bounded and the caches are used."""

from math import prod

from bema_py.core.architecture import Architecture
from bema_py.core.layers import KERNEL, Convolution, Linear

CHUNK_BYTES = 4 << 20
"""Bound on models * samples * terms * 8 bytes; unfolding takes 157 KB an image in the first LeNet layer."""

MINIMUM_SAMPLES = 8
"""Stacks are kept small enough for this many samples a chunk, where one model allows it."""


def model_bytes(architecture: Architecture) -> int:
    """Give the bytes of the largest operand of any layer's product for one model and one sample."""
    shapes = architecture.shapes()
    terms = [1]
    for index, layer in enumerate(architecture.layers):
        if isinstance(layer, Convolution):
            terms.append(layer.in_channels * KERNEL * KERNEL * prod(shapes[index + 1][1:]))
        elif isinstance(layer, Linear):
            terms.append(layer.inputs + layer.outputs)
    return 8 * max(terms)


def models_at_once(architecture: Architecture) -> int:
    """Give the largest number of models that a stack should hold."""
    return max(1, CHUNK_BYTES // (MINIMUM_SAMPLES * model_bytes(architecture)))


def samples_at_once(architecture: Architecture, models: int) -> int:
    """Give the number of samples that a chunk should hold for so many models."""
    return max(1, CHUNK_BYTES // (models * model_bytes(architecture)))

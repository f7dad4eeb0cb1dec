"""How many models and samples are worked on at once, so that memory stays bounded and the caches are used."""

from collections.abc import Iterator
from math import prod

from bema_py.core.architecture import Architecture
from bema_py.core.layers import KERNEL, Convolution, Linear

PIECE_SAMPLES = 256
"""Samples that one task scores."""

OUTPUT_BYTES = 2 << 20
"""Bound on the outputs of a convolution where models are scored."""

PATCH_BYTES = 1 << 20
"""Bound on the patches that are unfolded at once where models are scored."""

CHUNK_BYTES = 4 << 20
"""Bound on the largest operand of a calibration round; there all patches of a step are kept together."""

STACK_BYTES = 10 << 20
"""Bound on the parameters of a stack: a round passes over them several times, quickly while the cache holds them."""

MINIMUM_SAMPLES = 8
"""Stacks are kept small enough for this many samples a chunk, where one model allows it."""


def pieces(samples: int) -> Iterator[slice]:
    """Cut samples that are to be scored into one slice for each task."""
    for start in range(0, samples, PIECE_SAMPLES):
        yield slice(start, min(start + PIECE_SAMPLES, samples))


def scored_at_once(architecture: Architecture, models: int) -> int:
    """Give the number of samples that the convolutions of so many models should score at once."""
    largest = max(prod(shape) for shape in architecture.shapes())
    return max(1, OUTPUT_BYTES // (8 * models * largest))


def rows_at_once(row: int) -> int:
    """Give the number of rows of positions to unfold at once, for the numbers in the patches of one row."""
    return max(1, PATCH_BYTES // (8 * row))


def step_bytes(architecture: Architecture, models: int) -> int:
    """Give the bytes that one step of every model adds to the largest operand of any layer's product."""
    shapes = architecture.shapes()
    terms = [1]
    for index, layer in enumerate(architecture.layers):
        if isinstance(layer, Convolution | Linear):
            patch = layer.in_channels * KERNEL**2 if isinstance(layer, Convolution) else layer.inputs
            terms += [patch * prod(shapes[index + 1][1:]), prod(shapes[index + 1])]
    return 8 * models * max(terms)


def models_at_once(architecture: Architecture) -> int:
    """Give the largest number of models that a stack should hold."""
    by_samples = CHUNK_BYTES // (MINIMUM_SAMPLES * step_bytes(architecture, 1))
    return max(1, min(by_samples, STACK_BYTES // (8 * architecture.parameter_count)))


def steps_at_once(architecture: Architecture, models: int) -> int:
    """Give the number of steps that each of so many models should take in a chunk."""
    return max(1, CHUNK_BYTES // step_bytes(architecture, models))

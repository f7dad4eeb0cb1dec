"""The models, images and steps of tests/vectors/arithmetic.json, drawn as docs/arithmetic.md says."""

import json
from functools import cache
from itertools import count
from math import isqrt, prod
from pathlib import Path

import numpy as np

from bema_py.core.architecture import ARCHITECTURES
from bema_py.learning.model import Model
from bema_py.learning.rounds import calibrate_round, round_activations
from bema_py.learning.stack import stack_models, unstack
from bema_py.learning.step import Step, StepSettings

ENTRIES = json.loads((Path(__file__).parents[2] / "vectors" / "arithmetic.json").read_text())


def name(entry):
    return f"{entry['architecture']}-{entry['seed']}"


def draws(seed):
    for _ in count():
        seed = (1664525 * seed + 1013904223) % 2**32
        yield seed


def drawn_tensor(stream, shape, fan_in, gain):
    half = 2**28 * 173 // (100 * isqrt(fan_in))
    values = (gain * (((next(stream) * (2 * half + 1)) >> 32) - half) for _ in range(prod(shape)))
    return np.array([max(-(2**30), min(2**30, v)) for v in values], dtype=np.int32).reshape(shape)


@cache
def drawn(index):
    """Model, images and steps of the entry with this index."""
    entry = ENTRIES[index]
    architecture = ARCHITECTURES[entry["architecture"]](entry["outputs"])
    stream = draws(entry["seed"])
    shapes = [shape for _, shape in architecture.parameter_shapes()]
    theta = []
    for weight, bias in zip(shapes[::2], shapes[1::2], strict=True):
        theta += [drawn_tensor(stream, shape, prod(weight[1:]), entry["gain"]) for shape in (weight, bias)]
    if entry["boosted_class"] is not None:
        theta[-1][entry["boosted_class"]] = 2**30
    pixels = [next(stream) >> 24 for _ in range(784 * entry["images"])]
    images = np.array(pixels, dtype=np.uint8).reshape(-1, 1, 28, 28)
    steps = [
        [
            (next(stream) >> 16) % entry["images"],
            (next(stream) >> 16) % entry["outputs"],
            1 if next(stream) >> 31 else -1,
        ]
        for _ in entry["steps"]
    ]
    return Model(architecture, tuple(range(entry["outputs"] - 1)), tuple(theta)), images, steps


def settings(entry):
    return StepSettings(entry["step_size_E"], entry["cap_G"], entry["mode"] == "h")


def after_round(index):
    """The entry's model after its round, by the fast path."""
    model, images, steps = drawn(index)
    stack = stack_models([model])
    taken = [[Step(*step) for step in steps]]
    return unstack(calibrate_round(stack, round_activations(stack, images), taken, settings(ENTRIES[index])))[
        0
    ]


def plain(model):
    """The model's parameters as the slow reference takes them."""
    tensors = [values.reshape(len(values), -1).tolist() for values in model.theta[::2]]
    return list(zip(tensors, (values.tolist() for values in model.theta[1::2]), strict=True))

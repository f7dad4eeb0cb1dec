"""Small random architectures, models and rules."""

import numpy as np
from hypothesis import strategies as st

from bema_py.core.architecture import Architecture, Convolution, Linear, Pool, Relu
from bema_py.core.rules import Rules
from bema_py.learning.model import Model

BOUND = 2**30


@st.composite
def architectures(draw, outputs=None, image=None):
    """One to three layers with parameters on images of at most 2x8x8, of every kind and in legal orders."""
    shape = image or (draw(st.integers(1, 2)), 8, 8)
    last = outputs or draw(st.integers(2, 5))
    form = draw(
        st.sampled_from(["linear", "mlp", "conv", "conv-conv", "pool-first", "pool-pool", "conv-mlp"])
    )
    p, q = draw(st.integers(1, 4)), draw(st.integers(0, 2))
    a, b = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    relu = [Relu()] if draw(st.booleans()) else []
    bodies = {
        "linear": [],
        "mlp": [Linear(shape[0] * 64, a + 2), Relu()],
        "conv": [Convolution(shape[0], a, 2), Relu(), Pool()],
        "conv-conv": [Convolution(shape[0], a, 2), *relu, Pool(), Convolution(a, b, p), *relu],
        "pool-first": [Pool(), Convolution(shape[0], a, q + 1), *relu, Convolution(a, b, 2)],
        "pool-pool": [Convolution(shape[0], a, 2), *relu, Convolution(a, b, 2), Pool(), Pool(), *relu],
        "conv-mlp": [Convolution(shape[0], a, q), Linear(a * (shape[1] + 2 * q - 4) ** 2, b), *relu],
    }
    body = tuple(bodies[form])
    return Architecture(shape, (*body, Linear(width(shape, body), last)))


def width(shape, body):
    for layer in body:
        shape = layer.output_shape(shape)
    size = 1
    for side in shape:
        size *= side
    return size


@st.composite
def models(draw, architecture, classes=None):
    """Models from sleepy to saturated: the scale of the parameters reaches every clamp."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = 2.0 ** draw(st.integers(22, 34))
    theta = tuple(
        np.clip(np.rint(rng.normal(size=shape) * scale), -BOUND, BOUND).astype(np.int32)
        for _, shape in architecture.parameter_shapes()
    )
    return Model(architecture, classes or tuple(range(architecture.outputs - 1)), theta)


@st.composite
def pictures(draw, shape, count):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.integers(0, 256, size=(count, *shape), dtype=np.uint8)


step_sizes = st.sampled_from([1, 3 << 20, 2**26, 2**30])
caps = st.sampled_from([1, 2**14, 2**18, 2**24, 2**31])


def rules(**changes):
    """Rules under which most samples are valid."""
    values = {
        "classes": 4,
        "input": (1, 8, 8),
        "alpha": (1, 1),
        "delta": 0,
        "sigma": 2**24,
        "step_initial": 2**26,
        "step_decay": 2**30,
        "step_minimum": 0,
        "cap": 2**18,
        "mode": "log",
        "wrong_class": "largest",
        "round_size": 2,
        "max_samples": 100,
        "max_batch_samples": 100,
        "block_reward": 0,
        "sample_reward": 0,
    }
    return Rules(**{**values, **changes})

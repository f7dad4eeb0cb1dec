"""The cap on the gradient norm, in Python integers of any size."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bema_py.learning.arithmetic import ACTIVATION_UNIT
from bema_py.learning.backward import ConvolutionGradient, LayerGradient

BigIntegers = npt.NDArray[np.object_]
"""An array of Python integers."""

MAX_TERMS = 1 << 18
"""Squares of at most 2^44 that are added at once: their sum stays far within 64 bits."""

BIAS_INPUT = 1 << (2 * ACTIVATION_UNIT)
"""A bias is a weight whose input is 1: its square, 2^32."""


def squared_norms(gradients: Sequence[LayerGradient | None]) -> BigIntegers:
    """Give S (models, steps) in 2^-72: the squared norm over all parameters of every step."""
    total: BigIntegers | int = 0
    for gradient in gradients:
        if isinstance(gradient, ConvolutionGradient):
            squares = sum_of_squares(gradient.weight.flatten(2), 2) + sum_of_squares(gradient.bias, 2)
            total = total + squares * (1 << 36)
        elif gradient is not None:
            squares = sum_of_squares(gradient.delta, 1)
            total = total + squares * (sum_of_squares(gradient.inputs, 1) + BIAS_INPUT)
    return np.asarray(total, dtype=object)


def sum_of_squares(values: Tensor, dimension: int) -> BigIntegers:
    """Add the squares of integers up to 2^22 in size along one dimension."""
    total: BigIntegers = np.array(0, dtype=object)
    for part in torch.split(values, MAX_TERMS, dimension):
        total = total + part.to(torch.int64).square_().sum(dimension).numpy().astype(object)
    return total

"""The cap on the gradient norm, in Python integers of any size."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bema_py.learning.arithmetic import ACTIVATION_UNIT, ONE, PROBABILITY_UNIT
from bema_py.learning.backward import ConvolutionGradient, LayerGradient

BigIntegers = npt.NDArray[np.object_]
"""An array of Python integers."""

HALF_BITS = 22
"""Squares are added in two halves of this many bits, so that no sum leaves 64 bits."""

BIAS_INPUT = 1 << (2 * ACTIVATION_UNIT)
"""A bias is a weight whose input is 1: its square, 2^32."""


@dataclass(frozen=True, slots=True)
class StepSettings:
    """How far a step goes: E in 2^-30, the norm's cap G in 2^-18, and whether the mode is "h"."""

    step_size: int
    cap: int
    literal: bool

    def multiplier(self, squared_norm: int, score: int) -> int:
        """Give M in 2^-30 for S, the squared norm, and P_y, the score of the step's class."""
        norm = isqrt(squared_norm) >> 18
        if not self.literal:
            return self.step_size if norm <= self.cap else self.step_size * self.cap // norm
        # The gradient of h is h times that of log h, so its norm is P_y * N / 2^24.
        if score * norm <= self.cap * ONE:
            return (self.step_size * score) >> PROBABILITY_UNIT
        return self.step_size * self.cap // norm


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
    squares = values.to(torch.int64).square_()
    high = (squares >> HALF_BITS).sum(dimension).numpy().astype(object)
    low = (squares & ((1 << HALF_BITS) - 1)).sum(dimension).numpy().astype(object)
    return np.asarray(high * (1 << HALF_BITS) + low, dtype=object)

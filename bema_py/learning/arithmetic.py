"""The rounding and clamping that keep every tensor on its integer grid.

Tensors hold integers in float64. While the sum of |products| of an operation stays at or below 2^53 every
partial sum is exact, so no order of summation, thread count or batch layout can change a bit.
`bema_py.core.bounds` refuses architectures whose sums could leave that range; docs/arithmetic.md has the
units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

PARAMETER_ONE = 1 << 28
"""Parameter 1: master parameters theta count in 2^-28."""

PARAMETER_BITS = 30
"""Theta stays within 2^30."""

WEIGHT_SHIFT = 8
"""From theta to the working weights, units of 2^-20."""

WEIGHT_UNIT = 20
"""Working weights and deltas count in 2^-20."""

ACTIVATION_UNIT = 16
"""Activations and logits count in 2^-16."""

PROBABILITY_UNIT = 24
"""Probabilities count in 2^-24: the whole is 2^24."""

ONE = 1 << PROBABILITY_UNIT
"""Probability 1."""


def round_shift_(values: Tensor, shift: int) -> Tensor:
    """Replace every v by floor(v / 2^shift + 1/2), in place: R(v, shift) where v is an integer.

    Sums of products with working weights are multiples of 2^-20 instead: R(v * 2^20, 20 + shift). Scaling by a
    power of two is exact, so this is the arithmetic shift that rounds half up.
    """
    if shift:
        values.mul_(2.0**-shift)
    return values.add_(0.5).floor_()


def clamp_(values: Tensor, bits: int) -> Tensor:
    """Clamp to [-2^bits, 2^bits], in place.

    Clamps are consensus rules: without them a malicious model could push later sums beyond 2^53.
    """
    return values.clamp_(-(2.0**bits), 2.0**bits)

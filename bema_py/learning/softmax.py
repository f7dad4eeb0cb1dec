"""The softmax in 64-bit integers."""

import torch
from torch import Tensor

from bema_py.learning.arithmetic import PROBABILITY_UNIT

LOG2_E = 1549082005
"""log2(e) in units of 2^-30."""

FRACTION_BITS = 30

COEFFICIENTS = (1073741824, -744261020, 257939319, -59584401, 10288824, -1371676, 118043)
"""c0..c6 of the polynomial for 2^-f on [0, 1), in 2^-30; its error is below 5.6e-9."""

VANISHED = 40
"""From this power of one half on an exponential counts as zero."""


def probabilities(logits: Tensor) -> Tensor:
    """Give P as int64 in 2^-24, shaped like the logits (models, outputs, batch) in 2^-16."""
    values = logits.to(torch.int64)
    exponentials = exp2_negative(((values.amax(1, keepdim=True) - values) * LOG2_E) >> 16)
    total = exponentials.sum(1, keepdim=True)
    return torch.div((exponentials << PROBABILITY_UNIT) + (total >> 1), total, rounding_mode="floor")


def exp2_negative(exponents: Tensor) -> Tensor:
    """Give 2^-t in 2^-30 for t >= 0 in 2^-30."""
    whole = exponents >> FRACTION_BITS
    fraction = exponents & ((1 << FRACTION_BITS) - 1)
    power = torch.full_like(fraction, COEFFICIENTS[-1])
    for coefficient in reversed(COEFFICIENTS[:-1]):
        power = coefficient + ((power * fraction) >> FRACTION_BITS)
    # A shift by 64 or more is undefined, and the power is below 2^31: 40 places leave nothing of it.
    return power >> whole.clamp(max=VANISHED)

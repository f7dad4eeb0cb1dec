"""What a step ascends: the deltas at the logits."""

import torch
from torch import Tensor

from bema_py.learning.arithmetic import ONE

DELTA_SHIFT = 4
"""From probabilities, 2^-24, to deltas, 2^-20."""


def logit_deltas(scores: Tensor, labels: Tensor, signs: Tensor, *, literal: bool) -> Tensor:
    """Give the deltas (models, outputs, steps) in 2^-20, as float64.

    `scores` are P (models, outputs, steps); `labels`, the output each step is about, and `signs` are int64
    (models, steps). A sign of 0 stands for no step and gives zero deltas, which change nothing. Enhance steps
    (+1) ascend log h, impair steps (-1) ascend log(1 - h), whose gradient does not vanish where a model is
    confidently wrong. `literal` is mode "h": the gradient of log h for both, scaled and signed in the update.
    """
    own = torch.zeros_like(scores).scatter_(1, labels[:, None], 1)
    enhance = own * ONE - scores
    signs = signs[:, None]
    chosen = enhance if literal else torch.where(signs < 0, impair_deltas(scores, labels, own), enhance)
    rounded = (chosen + (1 << (DELTA_SHIFT - 1))) >> DELTA_SHIFT
    return (rounded * (signs != 0)).to(torch.float64)


def impair_deltas(scores: Tensor, labels: Tensor, own: Tensor) -> Tensor:
    """Give the gradient of log(1 - h) at the logits in 2^-24, before rounding."""
    certain = scores.gather(1, labels[:, None])
    rest = ONE - certain
    # Where P_y is the whole there is nothing to divide by, and the other outputs get 0.
    others = torch.div(certain * scores, rest.clamp(min=1), rounding_mode="floor") * (rest > 0)
    return torch.where(own == 1, -scores, others)

"""Ordinary floating-point scores: what the exact ones are compared with, in value and in speed."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from bema_py.learning.datasets import ByteArray
from bema_py.learning.float_net import flat_parameters, float_logits
from bema_py.learning.model import Model
from bema_py.learning.parallel import run_all

PIECE_SAMPLES = 512
"""Images at once: among the fastest sizes for torch's convolution, and still several pieces for the threads."""


def float_scores(models: Sequence[Model], images: ByteArray, *, double: bool = False) -> list[Tensor]:
    """Give every model's softmax (images, outputs) in float32 or float64, by torch's own convolution and linear layers.

    The same threads work on it as on the exact scores: `run_all`.
    """
    precision = torch.float64 if double else torch.float32
    inputs = torch.from_numpy(images.copy()).to(precision).div_(256)
    pieces = range(0, len(images), PIECE_SAMPLES)
    tasks = [
        partial(score_piece, model, flat_parameters(model, precision), inputs[start : start + PIECE_SAMPLES])
        for model in models
        for start in pieces
    ]
    found = run_all(tasks)
    return [torch.cat(found[first : first + len(pieces)]) for first in range(0, len(found), len(pieces))]


def score_piece(model: Model, flat: Tensor, inputs: Tensor) -> Tensor:
    """Give one model's softmax of some images."""
    # Each thread has its own inference mode.
    with torch.inference_mode():
        return torch.softmax(float_logits(model.architecture, flat, inputs), 1)

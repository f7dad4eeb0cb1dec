"""Fast approximate scores, for a party that looks through its own records.

What a party offers is its own choice, so nothing here enters a block: the miner judges every offered sample by the
exact scores. Scores differ from the exact ones by some 1e-4 at most, so a sample that lies that close to a bound may
be offered in vain or passed over.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from bema_py.learning.arithmetic import ONE
from bema_py.learning.float_net import float_logits
from bema_py.learning.forward import ByteArray
from bema_py.learning.model import Model
from bema_py.learning.parallel import run_all
from bema_py.learning.scoring import Scores

_PARAMETER_ONE = 2**28
_CHUNK = 500
"""Images at once, so that the activations stay in the cache."""


def screen_scores(models: Sequence[Model], images: ByteArray, classes: int) -> Scores:
    """Give approximate scores shaped and scaled like those of `class_scores`, int64 (models, images, classes)."""
    scores = np.zeros((len(models), len(images), classes), dtype=np.int64)
    inputs = torch.from_numpy(images.astype(np.float32)).div_(256)

    def screen(position: int, model: Model) -> None:
        flat = float_parameters(model)
        for start in range(0, len(images), _CHUNK):
            part = slice(start, start + _CHUNK)
            found = torch.softmax(float_logits(model.architecture, flat, inputs[part]).double(), dim=1)
            known = found[:, : len(model.classes)].mul(ONE).round().to(torch.int64).numpy()
            scores[position, part][:, list(model.classes)] = known

    run_all([partial(screen, position, model) for position, model in enumerate(models)])
    return scores


def float_parameters(model: Model) -> torch.Tensor:
    """Give a model's parameters as one float32 vector, layer by layer."""
    flat = np.concatenate([values.reshape(-1) for values in model.theta]).astype(np.float64)
    return torch.from_numpy(flat).div_(_PARAMETER_ONE).float()

"""Images moved on purpose: projected gradient descent on float copies of the models, within a budget of grey levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import torch
from torch import Tensor

from bema_py.core.witness import NEIGHBOURS, Feature
from bema_py.learning.datasets import ByteArray
from bema_py.learning.float_net import flat_parameters, float_logits
from bema_py.learning.float_strokes import float_strokes
from bema_py.learning.krum import Integers
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model
from bema_py.learning.references import ReferenceSet
from bema_py.learning.witness import features

_FIRST_STEP = 0.25
"""Of the budget: what the first step moves a pixel by; later steps are smaller, down to none."""
_WITNESS_GAP = 0.08
"""By how much more than needed the logarithms of two distances shall differ: founders' references are not known."""
_NO_REFERENCE = 1e9
"""Stands for the squared distance to a class without references."""


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """What the models shall see in each image, scores in 0..1 and classes int64 (images,).

    claimed: the class the image is sent under; each of its holders shall give it a score from `low` to `high`.
    rival: another class; each of its holders shall give it at least `floor`, 0 if it does not matter.
    """

    claimed: Integers
    rival: Integers
    low: float
    high: float
    floor: float


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """References near each image that its feature is pulled to and pushed from, so that it passes a data witness.

    nearest: (images, classes, NEIGHBOURS, values). known: which classes have references, (classes,). gap: by how much
    log d(claimed) must lie below log d(y) of every other class y.
    """

    kind: Feature
    nearest: Tensor
    known: Tensor
    claimed: Tensor
    gap: float

    @classmethod
    def of(
        cls,
        references: ReferenceSet,
        ratio: tuple[int, int],
        images: ByteArray,
        claimed: Integers,
        classes: int,
    ) -> "Pull":
        """Find the references nearest to the images as they are."""
        found = features(images, references.kind).astype(np.float32)
        nearest = np.zeros((len(images), classes, NEIGHBOURS, found.shape[1]), dtype=np.float32)
        for label in references.classes:
            own = references.by_class[label].astype(np.float32)
            away = (own**2).sum(axis=1) - 2 * found @ own.T
            nearest[:, label] = own[np.argpartition(away, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]]
        known = np.isin(np.arange(classes), references.classes)
        numerator, denominator = ratio
        return cls(
            references.kind,
            torch.from_numpy(nearest),
            torch.from_numpy(known),
            torch.from_numpy(claimed),
            log(denominator / numerator) + _WITNESS_GAP,
        )

    def misses(self, images: Tensor) -> Tensor:
        """Say by how much each image (n, channels, height, width) of values 0..255 fails the witness, (n,)."""
        found = float_strokes(images) if self.kind == "strokes" else images.flatten(1)
        distances = (found[:, None, None] - self.nearest).square().sum(dim=(2, 3))
        logs = distances.masked_fill(~self.known, _NO_REFERENCE).clamp(min=1).log()
        claimed = self.claimed[:, None]
        own = logs.gather(1, claimed)[:, 0]
        other = logs.scatter(1, claimed, log(_NO_REFERENCE)).amin(dim=1)
        return (own - other + self.gap).relu()


def crafted(
    models: Sequence[Model],
    membership: Membership,
    images: ByteArray,
    aim: Aim,
    *,
    budget: int,
    steps: int,
    pull: Pull | None = None,
) -> ByteArray:
    """Move images (n, channels, height, width) by at most `budget` grey levels a pixel towards what is aimed at.

    `models` are the members', in their order. White box: the gradients are those of float copies of the models, and
    whether an image reached its aim is for the exact scores to say. Of each image the best state on the way is given.
    """
    copies = [flat_parameters(model, torch.float32) for model in models]
    start = torch.from_numpy(images.copy()).to(torch.float32)
    lowest, highest = (start - budget).clamp(min=0), (start + budget).clamp(max=255)
    moved, best, least = start, start, torch.full((len(images),), torch.inf)
    for step in range(steps):
        moved = moved.detach().requires_grad_()
        misses = score_misses(models, copies, membership, moved, aim)
        if pull is not None:
            misses = misses + pull.misses(moved)
        (gradient,) = torch.autograd.grad(misses.sum(), moved)
        better = misses.detach() < least
        best = torch.where(better[:, None, None, None], moved.detach(), best)
        least = torch.where(better, misses.detach(), least)
        size = _FIRST_STEP * budget * (1 - step / steps)
        moved = (moved.detach() - size * gradient.sign()).clamp(lowest, highest)
    found: ByteArray = best.round().to(torch.uint8).numpy()
    return found


def score_misses(
    models: Sequence[Model], copies: Sequence[Tensor], membership: Membership, images: Tensor, aim: Aim
) -> Tensor:
    """Say by how much the holders' log scores miss what is aimed at in each image, summed over them, (images,)."""
    total = torch.zeros(len(images))
    for member, model, flat in zip(membership.parties, models, copies, strict=True):
        held = list(member.held)
        owns_claimed = np.isin(aim.claimed, held)
        owns_rival = np.isin(aim.rival, held) & (aim.floor > 0)
        rows = np.flatnonzero(owns_claimed | owns_rival)
        if not len(rows):
            continue
        places = torch.from_numpy(rows)
        logits = float_logits(model.architecture, flat, images[places] / 256)
        logs = torch.log_softmax(logits, 1)
        claimed = at_classes(logs, model, aim.claimed[rows])
        misses = (log(aim.low) - claimed).relu() + (claimed - log(aim.high)).relu()
        total = total.index_add(0, places, misses * torch.from_numpy(owns_claimed[rows]))
        if aim.floor:
            misses = (log(aim.floor) - at_classes(logs, model, aim.rival[rows])).relu()
            total = total.index_add(0, places, misses * torch.from_numpy(owns_rival[rows]))
    return total


def at_classes(logs: Tensor, model: Model, labels: Integers) -> Tensor:
    """Pick the log score of each row's class; of a class that the model does not score, any."""
    outputs = np.searchsorted(model.classes, labels).clip(0, len(model.classes) - 1)
    return logs.gather(1, torch.from_numpy(outputs)[:, None])[:, 0]

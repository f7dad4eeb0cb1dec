"""The scores of every model on every sample and class.

What computes with torch is imported where it computes: who only reads scores, as most commands do, does not wait the
seconds that torch takes to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bema_py.core.architecture import Architecture
from bema_py.core.errors import InputError
from bema_py.learning.chunks import models_at_once, pieces
from bema_py.learning.datasets import ByteArray
from bema_py.learning.model import Model
from bema_py.learning.parallel import run_all
from bema_py.learning.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from bema_py.learning.stack import ModelStack

Scores = npt.NDArray[np.int64]
"""P in units of 2^-24, shaped (models, samples, classes)."""


class ImageTypeError(InputError):
    """Images that are not bytes in four dimensions."""

    def __init__(self, shape: tuple[int, ...], dtype: str) -> None:
        """Keep the shape and the type of the array."""
        self.shape, self.dtype = shape, dtype
        super().__init__(f"images are {dtype} of shape {shape}, must be uint8 (n, channels, height, width)")


class ImageShapeError(InputError):
    """An image of a shape that a model does not take."""

    def __init__(self, found: tuple[int, int, int], required: tuple[int, int, int]) -> None:
        """Keep the shape of an image and the shape the model takes."""
        self.found, self.required = found, required
        super().__init__(f"an image has shape {found}, the model takes {required}")


class ClassRangeError(InputError):
    """A class at or above the number of classes."""

    def __init__(self, label: int, classes: int) -> None:
        """Keep the class and the number of classes."""
        self.label, self.classes = label, classes
        super().__init__(f"class {label} is outside 0..{classes - 1}")


@dataclass(frozen=True, slots=True)
class ModelGroup:
    """A stack and, for each of its models, the position in the list it was taken from."""

    stack: ModelStack
    positions: tuple[int, ...]


def class_scores(
    models: Sequence[Model], images: ByteArray, classes: int, *, progress: Progress | None = None
) -> Scores:
    """Give P of every model on every image and class, int64 (models, images, classes) in 2^-24.

    `images` is uint8 (n, channels, height, width). A class outside a model's label space scores 0; the
    reserved output is dropped. Raises ImageTypeError, ImageShapeError and ClassRangeError.
    """
    if images.dtype != np.uint8 or images.ndim != 4:
        raise ImageTypeError(images.shape, str(images.dtype))
    shape = (images.shape[1], images.shape[2], images.shape[3])
    return group_scores(group_models(models, shape, classes), images, classes, progress=progress)


def group_models(
    models: Sequence[Model], shape: tuple[int, int, int], classes: int
) -> tuple[ModelGroup, ...]:
    """Stack models of one architecture, in stacks small enough for the bound on memory.

    Raises ImageShapeError for a model that does not take images of this shape, ClassRangeError for one that
    scores a class outside 0..classes - 1.
    """
    return select_models(stack_kinds(models, shape, classes), range(len(models)))


def stack_kinds(models: Sequence[Model], shape: tuple[int, int, int], classes: int) -> tuple[ModelGroup, ...]:
    """Stack all models of one architecture together, however many; raises as `group_models`."""
    from bema_py.learning.stack import stack_models  # noqa: PLC0415 - loads torch

    by_architecture: dict[Architecture, list[int]] = {}
    for position, model in enumerate(models):
        if model.architecture.input != shape:
            raise ImageShapeError(shape, model.architecture.input)
        for label in model.classes[-1:]:
            if label >= classes:
                raise ClassRangeError(label, classes)
        by_architecture.setdefault(model.architecture, []).append(position)
    return tuple(
        ModelGroup(stack_models([models[position] for position in positions]), tuple(positions))
        for positions in by_architecture.values()
    )


def select_models(groups: Sequence[ModelGroup], positions: Sequence[int]) -> tuple[ModelGroup, ...]:
    """Take some models out of their groups, by their positions, in stacks small enough for the bound on memory.

    The new groups' positions count in `positions`. They may share memory with the groups that were given.
    """
    from bema_py.learning.stack import select_rows  # noqa: PLC0415 - loads torch

    found: list[ModelGroup] = []
    places = {position: place for place, position in enumerate(positions)}
    for group in groups:
        rows = [row for row, position in enumerate(group.positions) if position in places]
        stacks = -(-len(rows) // models_at_once(group.stack.architecture))
        for number in range(stacks):
            # Equally many in each: a model on its own unfolds every patch for itself.
            part = rows[number * len(rows) // stacks : (number + 1) * len(rows) // stacks]
            part_places = tuple(places[group.positions[row]] for row in part)
            found.append(ModelGroup(select_rows(group.stack, part), part_places))
    return tuple(found)


def group_scores(
    groups: Sequence[ModelGroup], images: ByteArray, classes: int, *, progress: Progress | None = None
) -> Scores:
    """Give the scores of grouped models, in the order they had before grouping."""
    scores = empty_scores(groups, len(images), classes)
    pairs_in_all = len(scores) * len(images)
    done = 0

    def report(pairs: int) -> None:
        nonlocal done
        done += pairs
        if progress is not None:
            progress("score", done, pairs_in_all)

    work = [(group, part) for group in groups for part in pieces(len(images))]
    run_all([partial(score_piece, scores, images, *piece) for piece in work], on_result=report)
    return scores


def empty_scores(groups: Sequence[ModelGroup], images: int, classes: int) -> Scores:
    """Give zeros for the scores of grouped models on so many images."""
    models = sum(len(group.positions) for group in groups)
    return np.zeros((models, images, classes), dtype=np.int64)


def score_piece(scores: Scores, images: ByteArray, group: ModelGroup, part: slice) -> int:
    """Write a group's scores of some images; give the number of pairs scored."""
    from bema_py.learning.forward import input_activations, logits  # noqa: PLC0415 - loads torch

    write_scores(scores[:, part], group, logits(group.stack, input_activations(images[None, part])))
    return len(group.positions) * len(range(len(images))[part])


def write_scores(scores: Scores, group: ModelGroup, found_logits: Tensor) -> None:
    """Write the scores that a group's logits stand for to each model's own classes.

    The reserved output, the last, is left out.
    """
    from bema_py.learning.softmax import probabilities  # noqa: PLC0415 - loads torch

    found = probabilities(found_logits).numpy()
    for row, (position, label_space) in enumerate(
        zip(group.positions, group.stack.label_spaces, strict=True)
    ):
        scores[position][:, list(label_space)] = found[row, : len(label_space)].T

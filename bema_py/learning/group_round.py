"""One calibration round over all models: the pass that gives the scores is the one that the steps start from."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from math import prod

from torch import Tensor

from bema_py.learning.datasets import ByteArray
from bema_py.learning.parallel import run_all
from bema_py.learning.rounds import calibrate_round, round_activations
from bema_py.learning.scoring import ModelGroup, Scores, empty_scores, write_scores
from bema_py.learning.step import Step, StepSettings

KEPT_BYTES = 128 << 20
"""Bound on the activations kept until the steps are decided; groups beyond it pass over the images once more."""

Steps = list[list[Step]]
"""The steps of every model, in the order the models had before grouping."""


def play_round(
    groups: Sequence[ModelGroup],
    images: ByteArray,
    classes: int,
    decide: Callable[[Scores], Steps],
    settings: StepSettings,
) -> tuple[tuple[ModelGroup, ...], Steps]:
    """Give the groups after one round, and the steps that `decide` chose by the scores before it.

    `images` are the round's, uint8 (samples, channels, height, width); the scores are (models, samples, classes).
    """
    sizes = accumulate(activation_bytes(group, len(images)) for group in groups)
    passes = run_all(
        [
            partial(first_pass, group, images, keep=size <= KEPT_BYTES)
            for group, size in zip(groups, sizes, strict=True)
        ]
    )
    scores = empty_scores(groups, len(images), classes)
    for group, kept in zip(groups, passes, strict=True):
        write_scores(scores, group, kept[-1])
    steps = decide(scores)
    moves = [
        partial(moved, group, images, kept, [steps[position] for position in group.positions], settings)
        for group, kept in zip(groups, passes, strict=True)
    ]
    return tuple(run_all(moves)), steps


def activation_bytes(group: ModelGroup, samples: int) -> int:
    """Give the bytes of all activations of a group for so many samples."""
    values = sum(prod(shape) for shape in group.stack.architecture.shapes())
    return 8 * group.stack.models * samples * values


def first_pass(group: ModelGroup, images: ByteArray, *, keep: bool) -> list[Tensor]:
    """Give a group's activations, or nothing but the logits where they are not to be kept."""
    activations = round_activations(group.stack, images)
    return activations if keep else activations[-1:]


def moved(
    group: ModelGroup, images: ByteArray, kept: list[Tensor], steps: Steps, settings: StepSettings
) -> ModelGroup:
    """Give the group after its steps."""
    if not any(steps):
        return group
    activations = kept if len(kept) > 1 else round_activations(group.stack, images)
    return replace(group, stack=calibrate_round(group.stack, activations, steps, settings))

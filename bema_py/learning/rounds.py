"""One calibration round: steps taken at the same parameters, then applied together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bema_py.core.bounds import MAX_STEPS
from bema_py.core.errors import InputError
from bema_py.learning.backward import gradients
from bema_py.learning.chunks import steps_at_once
from bema_py.learning.datasets import ByteArray
from bema_py.learning.deltas import logit_deltas
from bema_py.learning.forward import all_activations, input_activations
from bema_py.learning.norm import squared_norms
from bema_py.learning.softmax import probabilities
from bema_py.learning.stack import ModelStack
from bema_py.learning.step import Step, StepSettings
from bema_py.learning.update import StepScale, add_steps, apply_sums, empty_sums


class RoundSizeError(InputError):
    """A round gives one model more steps than 2^53 allows."""

    def __init__(self, steps: int) -> None:
        """Keep the number of steps."""
        self.steps = steps
        super().__init__(
            f"{steps} steps on one model in a round, at most {MAX_STEPS} keep every sum below 2^53"
        )


@dataclass(frozen=True, slots=True)
class StepTable:
    """The steps of a stack's models side by side, int64 (models, steps); sign 0 fills the shorter rows."""

    samples: npt.NDArray[np.int64]
    outputs: npt.NDArray[np.int64]
    signs: npt.NDArray[np.int64]

    def cut(self, size: int) -> Iterator["StepTable"]:
        """Yield the table in pieces of so many columns."""
        for start in range(0, self.signs.shape[1], size):
            part = np.s_[:, start : start + size]
            yield StepTable(self.samples[part], self.outputs[part], self.signs[part])


def step_table(steps: Sequence[Sequence[Step]]) -> StepTable:
    """Lay out each model's steps as a row; raises RoundSizeError."""
    width = max(len(row) for row in steps)
    if width > MAX_STEPS:
        raise RoundSizeError(width)
    table = np.zeros((3, len(steps), width), dtype=np.int64)
    for model, row in enumerate(steps):
        for column, step in enumerate(row):
            table[:, model, column] = step.sample, step.output, step.sign
    return StepTable(table[0], table[1], table[2])


def round_activations(stack: ModelStack, images: ByteArray) -> list[Tensor]:
    """Give the input of every layer and the logits for a round's images (samples, channels, height, width).

    What a step starts from depends on the model and the image alone: one pass serves the scores that decide on the
    round's steps and the steps themselves.
    """
    return all_activations(stack, input_activations(images[None]))


def calibrate_round(
    stack: ModelStack, activations: list[Tensor], steps: Sequence[Sequence[Step]], settings: StepSettings
) -> ModelStack:
    """Take each model's steps at the stack's parameters and give the stack after them.

    `activations` are those of `round_activations`; `steps` has one list for each model of the stack. Sums are exact,
    so neither the cut into chunks nor the order of the steps changes a bit.
    """
    if not any(steps):
        return stack
    table = step_table(steps)
    sums = empty_sums(stack)
    for part in table.cut(steps_at_once(stack.architecture, stack.models)):
        samples, outputs, signs = map(torch.from_numpy, (part.samples, part.outputs, part.signs))
        chosen = [of_samples(layer, samples) for layer in activations]
        scores = probabilities(chosen[-1])
        deltas = logit_deltas(scores, outputs, signs, literal=settings.literal)
        found = gradients(stack, chosen, deltas)
        own = scores.gather(1, outputs[:, None])[:, 0]
        multipliers = step_multipliers(settings, squared_norms(found), own)
        update_signs = signs.to(torch.float64) if settings.literal else torch.ones_like(multipliers)
        add_steps(sums, found, StepScale(multipliers, update_signs))
    return apply_sums(stack, sums)


def of_samples(layer: Tensor, samples: Tensor) -> Tensor:
    """Give each model's own samples, int64 (models, steps), of a layer's activations, the sample last."""
    models, steps = samples.shape
    places = samples.view(models, *[1] * (layer.ndim - 2), steps)
    return layer.expand(models, *layer.shape[1:]).gather(-1, places.expand(-1, *layer.shape[1:-1], -1))


def step_multipliers(settings: StepSettings, squared: npt.NDArray[np.object_], scores: Tensor) -> Tensor:
    """Give M (models, steps) as float64, which holds 2^30 exactly."""
    rows = [
        [settings.multiplier(square, score) for square, score in zip(squares, row, strict=True)]
        for squares, row in zip(squared.tolist(), scores.tolist(), strict=True)
    ]
    return torch.tensor(rows, dtype=torch.float64)

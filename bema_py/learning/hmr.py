"""Heterogeneous model reuse (HMR), the baseline: Definition 2's margin and its two ways to calibrate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from bema_py.core.rules import Rules
from bema_py.learning.attacks import BogusSample
from bema_py.learning.datasets import ByteArray
from bema_py.learning.group_round import play_round
from bema_py.learning.krum import Integers
from bema_py.learning.model import Model
from bema_py.learning.scoring import Scores, group_models
from bema_py.learning.stack import unstack
from bema_py.learning.step import Step, StepSettings
from bema_py.learning.steps import ENHANCE, IMPAIR


@dataclass(frozen=True, slots=True)
class Margins:
    """Definition 2 for every sample: the models a and b, the wrong class y-, and rho in 2^-24; all int64 (samples,)."""

    a: Integers
    b: Integers
    wrong: Integers
    rho: Integers

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Say which samples calibrate: rho <= 0, the only check HMR knows."""
        return self.rho <= 0


def margins(scores: Scores, labels: Integers) -> Margins:
    """Find a, b and y- of every sample (Definition 2), ties to the lowest class and then the lowest model.

    `scores` is (members, samples, classes); a class outside a model's label space scores 0 there.
    """
    best = scores.max(axis=0)
    samples = np.arange(len(labels))
    others = best.copy()
    others[samples, labels] = -1
    wrong = others.argmax(axis=1)
    rho = best[samples, labels] - best[samples, wrong]
    return Margins(
        scores[:, samples, labels].argmax(axis=0), scores[:, samples, wrong].argmax(axis=0), wrong, rho
    )


def hmr_bogus(scores: Scores, labels: Integers) -> tuple[BogusSample, ...]:
    """Find samples with rho > 0 and claim their wrong class, which turns the margin negative (eq. 1)."""
    found = margins(scores, labels)
    return tuple(
        BogusSample(position, int(found.wrong[position]))
        for position in np.flatnonzero(found.rho > 0).tolist()
    )


def step_on_both(
    models: Sequence[Model], images: ByteArray, labels: Integers, rules: Rules, step_size: int
) -> list[Model]:
    """Give the models after one capped gradient step on a and on b for each sample, in rounds of `rules.round_size`.

    `images` are the samples in order, uint8 (n, channels, height, width). The steps are those of the exact
    arithmetic; a, b and y- are found anew at the models that a round starts with.
    """
    groups = group_models(models, rules.input, rules.classes)
    settings = StepSettings(step_size, rules.cap, rules.mode == "h")
    for start in range(0, len(labels), rules.round_size):
        part = slice(start, start + rules.round_size)
        decide = partial(_steps, labels=labels[part], models=models)
        groups, _ = play_round(groups, images[part], rules.classes, decide, settings)
    after = {
        position: model
        for group in groups
        for position, model in zip(group.positions, unstack(group.stack), strict=True)
    }
    return [after[position] for position in range(len(models))]


def _steps(scores: Scores, labels: Integers, models: Sequence[Model]) -> list[list[Step]]:
    found = margins(scores, labels)
    steps: list[list[Step]] = [[] for _ in models]
    for sample, label in enumerate(labels.tolist()):
        for member, target, sign in (
            (int(found.a[sample]), label, ENHANCE),
            (int(found.b[sample]), int(found.wrong[sample]), IMPAIR),
        ):
            # A class that no model scores has no model to move.
            if target in models[member].classes:
                steps[member].append(Step(sample, models[member].classes.index(target), sign))
    return steps


def received_samples(
    found: Margins, labels: Integers, models: Sequence[Model]
) -> Mapping[int, list[tuple[int, int]]]:
    """Give what each model receives in the authors' form: pairs of sample and output, by position of the model.

    a learns (x, y). b learns (x, y) too where it scores y, and otherwise that x is none of its classes: the reserved
    output.
    """
    received: dict[int, list[tuple[int, int]]] = {}
    for sample in np.flatnonzero(found.valid).tolist():
        label = int(labels[sample])
        for member in {int(found.a[sample]), int(found.b[sample])}:
            classes = models[member].classes
            output = classes.index(label) if label in classes else len(classes)
            received.setdefault(member, []).append((sample, output))
    return received

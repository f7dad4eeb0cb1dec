"""A model that learns further classes: more outputs, the old scores unchanged."""

from collections.abc import Sequence
from dataclasses import replace
from math import log

from bema_py.core.architecture import Architecture
from bema_py.core.layers import Linear
from bema_py.core.parameter_file import MAX_PARAMETER
from bema_py.learning.arithmetic import PARAMETER_ONE
from bema_py.learning.model import IntArray, Model


def widen(model: Model, classes: Sequence[int]) -> Model:
    """Give the model an output for each of these classes that it does not score yet.

    A new output starts as a copy of the reserved one, "none of mine", which they share out in equal parts: its bias
    falls by ln(new + 1), so that the scores of the old classes stay what they were, up to rounding. `classes` must
    hold the model's own ones.
    """
    wide = tuple(sorted({*classes, *model.classes}))
    missing = len(wide) - len(model.classes)
    if missing == 0:
        return model
    *hidden, weight, bias = model.theta
    shared = bias.copy()
    shared[-1] = max(-MAX_PARAMETER, int(bias[-1]) - round(log(missing + 1) * PARAMETER_ONE))
    rows = [model.classes.index(label) if label in model.classes else -1 for label in (*wide, -1)]
    theta: tuple[IntArray, ...] = (*hidden, weight[rows], shared[rows])
    return Model(_with_outputs(model.architecture, len(wide) + 1), wide, theta)


def _with_outputs(architecture: Architecture, outputs: int) -> Architecture:
    *layers, last = architecture.layers
    assert isinstance(last, Linear)  # an architecture with another last layer cannot be made
    return replace(architecture, layers=(*layers, replace(last, outputs=outputs)))

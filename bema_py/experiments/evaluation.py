"""Accuracy of all models together, by every predictor, and of single models."""

from collections.abc import Mapping, Sequence

from bema_py.core.rules import Rules
from bema_py.learning.datasets import Dataset
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model
from bema_py.learning.predictors import accuracy, krum, krum_mean, max_model
from bema_py.learning.scoring import class_scores

SINGLE = "single models"
TRIGGERED = "triggered"
"""Share of stamped test samples of other classes that the Krum mean takes for a backdoor's target."""

Accuracies = Mapping[str, float]
"""Accuracy in 0..1 by the predictor's name; SINGLE is the mean of the models' own."""


def accuracies(models: Sequence[Model], membership: Membership, rules: Rules, test: Dataset) -> Accuracies:
    """Evaluate by the exact scores; `models` are in the members' order.

    A single model is judged on all classes, also those it does not score.
    """
    scores = class_scores(models, test.images, rules.classes)
    own = [accuracy(single.argmax(axis=1), test.labels) for single in scores]
    return {
        "max model": accuracy(max_model(scores), test.labels),
        "krum": accuracy(krum(scores, membership, rules.alpha), test.labels),
        "krum mean": accuracy(krum_mean(scores, membership, rules.alpha), test.labels),
        SINGLE: sum(own) / len(own),
    }


def single_accuracy(model: Model, test: Dataset) -> Accuracies:
    """Evaluate one model that scores all classes."""
    scores = class_scores([model], test.images, len(model.classes))
    return {"max model": accuracy(max_model(scores), test.labels)}

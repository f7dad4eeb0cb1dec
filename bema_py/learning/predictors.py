"""The predictors over all models' scores (Definitions 1 and 4, and the aggregate itself)."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bema_py.learning.aggregates import chunks, class_aggregates, leading_classes
from bema_py.learning.krum import Integers, KrumAggregate
from bema_py.learning.membership import Membership
from bema_py.learning.scoring import Scores


def max_model(scores: Scores) -> Integers:
    """Predict the class of the largest score of any model (Definition 1), ties to the lowest class.

    `scores` is (members, samples, classes); the result is int64 (samples,), like that of every predictor.
    """
    return np.asarray(scores.max(axis=0).argmax(axis=1), dtype=np.int64)


def krum(scores: Scores, membership: Membership, alpha: tuple[int, int]) -> Integers:
    """Predict the class whose chosen model scores it highest (Definition 4), ties to the lowest class.

    Each class counts with the own score of the model that Krum chose among its holders. The prediction is -1
    where nobody holds any class.
    """
    predictions = np.full(scores.shape[1], -1, dtype=np.int64)
    for part in chunks(scores.shape[1]):
        aggregates = class_aggregates(scores[:, part], membership, alpha, range(scores.shape[2]))
        if aggregates:
            predictions[part] = highest_choice(scores[:, part], membership, aggregates)
    return predictions


def highest_choice(
    scores: Scores, membership: Membership, aggregates: Mapping[int, KrumAggregate]
) -> Integers:
    """Give the class with the highest score of its own chosen model."""
    labels = np.array(sorted(aggregates), dtype=np.int64)
    samples = np.arange(scores.shape[1])
    own = [
        scores[np.array(membership.holders(label))[aggregates[label].chosen], samples, label]
        for label in labels.tolist()
    ]
    return np.asarray(labels[np.stack(own).argmax(axis=0)], dtype=np.int64)


def krum_mean(scores: Scores, membership: Membership, alpha: tuple[int, int]) -> Integers:
    """Predict the class of the largest Krum aggregate, compared exactly; ties to the lowest class.

    Our default: it averages over the models that Krum trusts. -1 where nobody holds any class.
    """
    predictions = np.full(scores.shape[1], -1, dtype=np.int64)
    for part in chunks(scores.shape[1]):
        aggregates = class_aggregates(scores[:, part], membership, alpha, range(scores.shape[2]))
        predictions[part] = leading_classes(aggregates, predictions[part]).label
    return predictions


def accuracy(predictions: Integers, labels: npt.ArrayLike) -> float:
    """Give the share of predictions that are right, 0.0 of none."""
    wanted = np.asarray(labels)
    return float((predictions == wanted).mean()) if len(wanted) else 0.0

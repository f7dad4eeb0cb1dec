"""How well a threshold on one number tells malicious registrants from honest ones."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
import numpy.typing as npt


def rates(honest: Sequence[float], malicious: Sequence[float], threshold: float) -> tuple[float, float]:
    """Give the shares of honest and of malicious values above the threshold: refused by mistake, and detected."""
    return share_above(honest, threshold), share_above(malicious, threshold)


def share_above(values: Sequence[float], threshold: float) -> float:
    """Give the share of values above the threshold, 0.0 of none."""
    return sum(value > threshold for value in values) / len(values) if values else 0.0


def roc_curve(honest: Sequence[float], malicious: Sequence[float]) -> list[tuple[float, float]]:
    """Give the rates of every threshold that differs in effect, from (0, 0) to (1, 1)."""
    thresholds = sorted({*honest, *malicious}, reverse=True)
    return [*(rates(honest, malicious, threshold) for threshold in thresholds), (1.0, 1.0)]


def area_under_roc(honest: Sequence[float], malicious: Sequence[float]) -> float:
    """Give the probability that a malicious value lies above an honest one, a tie counting half."""
    good: npt.NDArray[np.float64] = np.sort(np.asarray(honest, dtype=np.float64))
    below = np.searchsorted(good, malicious, side="left")
    upto = np.searchsorted(good, malicious, side="right")
    return float((below + upto).sum() / (2 * len(honest) * len(malicious)))


def chosen_threshold(honest: Sequence[float], malicious: Sequence[float]) -> float:
    """Choose a threshold between honest and malicious values.

    Where one separates them: the geometric mean of the largest honest and the least malicious value, so that both keep
    the same factor as a margin. Elsewhere: the value with the largest detected share less the share refused by
    mistake (Youden's index), the lowest of several.
    """
    highest, least = max(honest), min(malicious)
    if highest < least:
        return sqrt(highest * least)

    def youden(threshold: float) -> float:
        mistaken, detected = rates(honest, malicious, threshold)
        return detected - mistaken

    return max(sorted({*honest, *malicious}), key=youden)

"""Where two models that should be one differ."""

import numpy as np

from bema_py.learning.model import Model


def first_difference(claimed: Model, recomputed: Model) -> str | None:
    """Say in words where a claimed model first departs from the recomputed one; None if it does not.

    Parameters are integers in units of 2^-28.
    """
    if (claimed.architecture, claimed.classes) != (recomputed.architecture, recomputed.classes):
        return "its architecture or label space is another"
    shapes = recomputed.architecture.parameter_shapes()
    total = sum(int(np.count_nonzero(a != b)) for a, b in zip(claimed.theta, recomputed.theta, strict=True))
    for (name, _), a, b in zip(shapes, claimed.theta, recomputed.theta, strict=True):
        differing = np.argwhere(a != b)
        if len(differing):
            index = tuple(int(i) for i in differing[0])
            return (
                f"{name}{list(index)} is {a[index]}, recomputed {b[index]} (units of 2^-28); "
                f"{total} of {recomputed.architecture.parameter_count} parameters differ"
            )
    return None

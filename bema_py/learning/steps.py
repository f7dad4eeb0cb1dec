"""Which models a round enhances and which it impairs (eqs. 11 and 12)."""

from collections.abc import Sequence

from bema_py.learning.aggregates import class_aggregates
from bema_py.learning.membership import Membership
from bema_py.learning.rounds import Step
from bema_py.learning.scoring import Scores

ENHANCE, IMPAIR = 1, -1


def round_steps(
    scores: Scores,
    labels: Sequence[tuple[int, int]],
    membership: Membership,
    alpha: tuple[int, int],
    label_spaces: Sequence[tuple[int, ...]],
) -> list[list[Step]]:
    """Give every member's steps of one round, ordered by sample, enhance before impair.

    `scores` (members, samples, classes) are those of the round's starting models, `labels` the pairs (y, y-).
    Enhanced is each i of S(y) with h_i(y) <= h_a*, impaired each i of S(y-) with h_i(y-) >= h_b*.
    **Differs** from eqs. 11 and 12, which are strict: an aggregate of one model is that model's own score,
    and strict inequalities would never move it.
    """
    needed = {label for pair in labels for label in pair}
    aggregates = class_aggregates(scores, membership, alpha, sorted(needed))
    outputs = [{label: output for output, label in enumerate(space)} for space in label_spaces]
    steps: list[list[Step]] = [[] for _ in label_spaces]
    for sample, pair in enumerate(labels):
        for label, sign in zip(pair, (ENHANCE, IMPAIR), strict=True):
            total, neighbours = int(aggregates[label].total[sample]), aggregates[label].neighbours
            for member in membership.holders(label):
                # At or below the aggregate to enhance, at or above it to impair.
                if sign * (total - neighbours * int(scores[member, sample, label])) >= 0:
                    steps[member].append(Step(sample, outputs[member][label], sign))
    return steps

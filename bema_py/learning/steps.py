"""Which models a round enhances and which it impairs (eqs. 11 and 12)."""

from collections.abc import Sequence

from bema_py.core.rules import Rules
from bema_py.learning.aggregates import class_aggregates
from bema_py.learning.arithmetic import ONE
from bema_py.learning.krum import KrumAggregate
from bema_py.learning.membership import Membership
from bema_py.learning.scoring import Scores
from bema_py.learning.step import Step

ENHANCE, IMPAIR = 1, -1


def round_steps(
    scores: Scores,
    labels: Sequence[tuple[int, int | None]],
    membership: Membership,
    rules: Rules,
    label_spaces: Sequence[Sequence[int]],
) -> list[list[Step]]:
    """Give every member's steps of one round, ordered by sample, enhance before impair.

    `scores` (members, samples, classes) are those of the round's starting models, `labels` the pairs (y, y-),
    without y- where nothing is impaired. Enhanced is each learner i of y with h_i(y) <= h_a*, impaired each i of
    S(y-) with h_i(y-) >= h_b*. A learner that does not score y moves while it `mistakes` the sample. A class without
    holders has no aggregate, so no step.
    **Differs** from eqs. 11 and 12, which are strict: an aggregate of one model is that model's own score,
    and strict inequalities would never move it.
    """
    needed = {label for pair in labels for label in pair if label is not None}
    aggregates = class_aggregates(scores, membership, rules.alpha, sorted(needed))
    outputs = [output_of(space, rules.classes) for space in label_spaces]
    reserved = ONE - scores.sum(axis=2)
    steps: list[list[Step]] = [[] for _ in label_spaces]
    for sample, (label, wrong) in enumerate(labels):
        for member in learners(label, membership, rules, label_spaces) if label in aggregates else ():
            if label in label_spaces[member]:
                score = int(scores[member, sample, label])
                learns = moves(aggregates[label], sample, score, ENHANCE)
            else:
                learns = mistakes(int(reserved[member, sample]))
            if learns:
                steps[member].append(Step(sample, outputs[member][label], ENHANCE))
        if wrong is None:
            continue
        for member in membership.holders(wrong):
            if moves(aggregates[wrong], sample, int(scores[member, sample, wrong]), IMPAIR):
                steps[member].append(Step(sample, outputs[member][wrong], IMPAIR))
    return steps


def output_of(label_space: Sequence[int], classes: int) -> list[int]:
    """Give the output that stands for each class: its own, or the last one, "none of mine"."""
    outputs = [len(label_space)] * classes
    for output, label in enumerate(label_space):
        outputs[label] = output
    return outputs


def learners(
    label: int, membership: Membership, rules: Rules, label_spaces: Sequence[Sequence[int]]
) -> Sequence[int]:
    """Give the positions of the members that may enhance on a sample of a class.

    They are S(y); the others are **extensions**: under "scorers" all whose models score y, under "members" all, of
    whom those that do not score y enhance their reserved output. S(y) alone still decides what is valid.
    """
    if rules.learners == "holders":
        return membership.holders(label)
    everyone = rules.learners == "members"
    return [member for member, space in enumerate(label_spaces) if everyone or label in space]


def moves(aggregate: KrumAggregate, sample: int, score: int, sign: int) -> bool:
    """Say whether a score is at or below the aggregate, to be enhanced, or at or above it, to be impaired."""
    return sign * (int(aggregate.total[sample]) - aggregate.neighbours * score) >= 0


def mistakes(reserved: int) -> bool:
    """Say whether a model that does not score y takes the sample for one of its own classes: P(none of mine) < 1/2.

    Most samples of a block are foreign to a model that scores few classes. If it learned from all of them, "none of
    mine" would soon be its answer to everything.
    """
    return 2 * reserved < ONE

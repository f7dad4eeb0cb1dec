"""The secure margin (Definition 3) and the validity of calibration samples (eqs. 8 to 10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from bema_py.core.rules import Rules
from bema_py.learning.aggregates import LeadingClasses, chunks, class_aggregates, leading_classes
from bema_py.learning.arithmetic import ONE
from bema_py.learning.krum import Integers, KrumAggregate
from bema_py.learning.membership import Membership
from bema_py.learning.scoring import ClassRangeError, Scores


class Verdict(Enum):
    """Whether a sample is valid, or else the first rule it breaks."""

    VALID = "valid"
    NO_HOLDERS = "no member holds its class"
    NO_WRONG_CLASS = "no member holds any other class"
    MARGIN_POSITIVE = "margin above tau (eq. 8)"
    BELOW_DELTA = "aggregate below delta (eq. 9)"
    ABOVE_SIGMA = "spread above sigma (eq. 10)"
    UNHEARD = "no founder is left who holds references of its class (10b)"
    NEARER_TO_ANOTHER = "nearer to founders' references of another class (10b)"
    FAR_FROM_ITS_CLASS = "too far from founders' references of its class (10b)"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the models say about one sample (x, y).

    The aggregate of y is sum_a / m_a and that of y-, the wrong class, is sum_b / m_b, both in 2^-24. `spread`
    is the largest |m_a P_k - sum_a| of eq. 10. What does not exist (no holders, no wrong class) is 0, and the
    wrong class None.
    """

    label: int
    wrong_label: int | None
    sum_a: int
    m_a: int
    sum_b: int
    m_b: int
    spread: int
    verdict: Verdict

    @property
    def valid(self) -> bool:
        """Say whether the sample may be used."""
        return self.verdict is Verdict.VALID

    @property
    def margin(self) -> float:
        """Give rho for reports; decisions use the integers."""
        return (self.sum_a / max(self.m_a, 1) - self.sum_b / max(self.m_b, 1)) / ONE


def judge(
    scores: Scores, labels: Sequence[int] | Integers, membership: Membership, rules: Rules
) -> tuple[Judgement, ...]:
    """Judge samples by the scores (members, samples, classes) and their labels (samples,).

    Raises ClassRangeError for a label outside the rules' classes.
    """
    wanted = np.asarray(labels, dtype=np.int64)
    for label in wanted[(wanted < 0) | (wanted >= rules.classes)][:1]:
        raise ClassRangeError(int(label), rules.classes)
    judgements: list[Judgement] = []
    for part in chunks(len(wanted)):
        judgements += judge_chunk(scores[:, part], wanted[part], membership, rules)
    return tuple(judgements)


def judge_chunk(scores: Scores, labels: Integers, membership: Membership, rules: Rules) -> list[Judgement]:
    """Judge a bounded number of samples."""
    aggregates = class_aggregates(scores, membership, rules.alpha, range(rules.classes))
    wrong = leading_classes(aggregates, labels, literal=rules.wrong_class == "literal")
    return [
        judge_one(position, int(label), aggregates, wrong, rules) for position, label in enumerate(labels)
    ]


def judge_one(
    position: int, label: int, aggregates: Mapping[int, KrumAggregate], wrong: LeadingClasses, rules: Rules
) -> Judgement:
    """Apply eqs. 8 to 10 in order to one sample."""
    sum_a = m_a = spread = sum_b = m_b = 0
    verdict = Verdict.NO_HOLDERS
    other = int(wrong.label[position])
    if other >= 0:
        sum_b, m_b = int(wrong.total[position]), int(wrong.neighbours[position])
    if label in aggregates:
        own = aggregates[label]
        sum_a, m_a, spread = int(own.total[position]), own.neighbours, int(own.spread[position])
        verdict = Verdict.NO_WRONG_CLASS
        if other >= 0:
            verdict = verdict_of((sum_a, m_a), (sum_b, m_b), spread, rules)
    return Judgement(label, other if other >= 0 else None, sum_a, m_a, sum_b, m_b, spread, verdict)


def verdict_of(own: tuple[int, int], wrong: tuple[int, int], spread: int, rules: Rules) -> Verdict:
    """Compare the two aggregates, (sum, m) each, crosswise: nothing is ever divided or rounded.

    A tau above 0 is an **extension**; eq. 8 demands rho <= 0.
    """
    (sum_a, m_a), (sum_b, m_b) = own, wrong
    if sum_a * m_b - sum_b * m_a > rules.tau * m_a * m_b:
        return Verdict.MARGIN_POSITIVE
    if sum_a < rules.delta * m_a:
        return Verdict.BELOW_DELTA
    if spread > rules.sigma * m_a:
        return Verdict.ABOVE_SIGMA
    return Verdict.VALID


def with_objections(
    judgements: Sequence[Judgement], objections: Sequence[Verdict | None]
) -> tuple[Judgement, ...]:
    """Let an objection of the data witness (10b, **extension**) stand as the verdict on a sample valid without it."""
    return tuple(
        replace(judgement, verdict=objection) if objection is not None and judgement.valid else judgement
        for judgement, objection in zip(judgements, objections, strict=True)
    )

"""The rules that a judged sample was held against (eqs. 8 to 10, 10b), each with the number found and the bound."""

from dataclasses import dataclass

from bema_py.core.rules import Rules
from bema_py.core.types import Commitment
from bema_py.learning.arithmetic import ONE
from bema_py.learning.margin import Judgement, Verdict
from bema_py.learning.witness import UNKNOWN, pooled_distances
from bema_py.roles.hearing import asked_about, stated_distances
from bema_py.roles.stories.rebuilding import RebuiltBlock


@dataclass(frozen=True)
class RuleOutcome:
    """One rule: what was compared with which bound, and whether it holds. Decided in integers, shown as decimals."""

    rule: str
    found: float
    bound: float
    holds: bool


@dataclass(frozen=True)
class WitnessOutcome:
    """What founders' references say (10b): squared distances to the sample's class and to the nearest other one.

    A distance is None where no founder was heard about it. ratio: (numerator, denominator).
    """

    own: int | None
    nearest: int | None
    nearest_class: int | None
    ratio: tuple[int, int]
    farthest: int
    verdict: Verdict | None


@dataclass(frozen=True)
class Verdicts:
    """How a sample (x, y) came out; aggregates are exact as (sum, count), `margin` is their difference.

    Rules without which there is nothing to compare are left out.
    """

    verdict: Verdict
    label: int
    wrong_label: int | None
    own_aggregate: tuple[int, int]
    wrong_aggregate: tuple[int, int]
    rules: tuple[RuleOutcome, ...]
    witness: WitnessOutcome | None


def verdicts(made: RebuiltBlock, judgement: Judgement, commitment: Commitment, index: int) -> Verdicts:
    """Put a judgement's numbers beside the bounds of the rules."""
    return Verdicts(
        verdict=judgement.verdict,
        label=judgement.label,
        wrong_label=judgement.wrong_label,
        own_aggregate=(judgement.sum_a, judgement.m_a),
        wrong_aggregate=(judgement.sum_b, judgement.m_b),
        rules=_outcomes(judgement, made.context.rules),
        witness=_witness(made, commitment, index),
    )


def _outcomes(judged: Judgement, rules: Rules) -> tuple[RuleOutcome, ...]:
    if not judged.m_a or not judged.m_b:
        return ()
    crosswise = judged.sum_a * judged.m_b - judged.sum_b * judged.m_a
    # The bounds are the rules' integers; quotients are for people only.
    return (
        RuleOutcome(
            "margin (eq. 8)", judged.margin, rules.tau / ONE, crosswise <= rules.tau * judged.m_a * judged.m_b
        ),
        RuleOutcome(
            "aggregate (eq. 9)",
            judged.sum_a / judged.m_a / ONE,
            rules.delta / ONE,
            judged.sum_a >= rules.delta * judged.m_a,
        ),
        RuleOutcome(
            "spread (eq. 10)",
            judged.spread / judged.m_a / ONE,
            rules.sigma / ONE,
            judged.spread <= rules.sigma * judged.m_a,
        ),
    )


def _witness(made: RebuiltBlock, commitment: Commitment, index: int) -> WitnessOutcome | None:
    """Return what founders stated about one sample; None where they are not asked."""
    rules = made.context.rules
    entry = next(each for each in made.listed if each.on_chain.commitment == commitment)
    parties = {party.party: party for party in made.context.members}
    if rules.witness is None or not asked_about(parties, entry.batch):
        return None
    size = len(entry.batch.samples)
    heard = [
        stated_distances(parties, signed.statement, size)
        for signed in made.assembled.statements.statements
        if signed.statement.commitment == commitment
    ]
    distances = pooled_distances(heard, size, rules.classes)[index].tolist()
    label = entry.batch.samples[index].y
    others = [(far, y) for y, far in enumerate(distances) if y != label and far != UNKNOWN]
    nearest, nearest_class = min(others) if others else (None, None)
    against = next(
        each.objection
        for each in made.assembled.candidates
        if (each.commitment, each.index) == (commitment, index)
    )
    own = distances[label]
    return WitnessOutcome(
        None if own == UNKNOWN else own,
        nearest,
        nearest_class,
        rules.witness.ratio,
        rules.witness.farthest,
        against,
    )

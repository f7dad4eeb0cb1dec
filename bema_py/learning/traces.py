"""What one sample of a block did: which models it enhanced and which it impaired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bema_py.core.rules import Rules
from bema_py.core.types import PartyId
from bema_py.learning.calibration import Rounds, StepCount, label_spaces
from bema_py.learning.candidates import CandidateSample, member_models
from bema_py.learning.lessons import UsedSample, block_lessons
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model
from bema_py.learning.scoring import group_models, group_scores
from bema_py.learning.steps import ENHANCE, round_steps


@dataclass(frozen=True, slots=True)
class Trace:
    """What a used sample did in its round, counted from 1: the members it enhanced and impaired, ascending."""

    round: int
    enhanced: tuple[PartyId, ...]
    impaired: tuple[PartyId, ...]


def trace(
    models: Mapping[PartyId, Model],
    membership: Membership,
    samples: Sequence[CandidateSample],
    used: Sequence[UsedSample],
    recalled: Sequence[CandidateSample],
    rules: Rules,
    height: int,
    followed: UsedSample,
) -> Trace:
    """Play a block's calibration up to the round of one used sample, and say what that sample did there.

    The arguments are those of `calibrate_block`, `used` what it gave. Raises what it raises.
    """
    lessons = block_lessons(samples, used, recalled, rules)
    place = _place(samples, used, recalled, followed)
    groups = group_models(member_models(models, membership), rules.input, rules.classes)
    played = Rounds(membership, rules, height, groups, tuple(StepCount() for _ in membership.parties))
    start = place - place % rules.round_size
    for first in range(0, start, rules.round_size):
        part = slice(first, first + rules.round_size)
        played = played.after(lessons.images[part], lessons.labels[part])
    own = slice(place, place + 1)
    scores = group_scores(played.groups, lessons.images[own], rules.classes)
    steps = round_steps(scores, lessons.labels[own], membership, rules, label_spaces(played.groups))
    enhanced = [any(step.sign == ENHANCE for step in taken) for taken in steps]
    impaired = [any(step.sign != ENHANCE for step in taken) for taken in steps]
    return Trace(1 + place // rules.round_size, _of(membership, enhanced), _of(membership, impaired))


def _place(
    samples: Sequence[CandidateSample],
    used: Sequence[UsedSample],
    recalled: Sequence[CandidateSample],
    followed: UsedSample,
) -> int:
    """Return a used sample's place among the lessons, which are in the order of their keys."""
    key = samples[followed.position].key
    before = sum(samples[each.position].key < key for each in used)
    return before + sum(each.key < key for each in recalled)


def _of(membership: Membership, moved: Sequence[bool]) -> tuple[PartyId, ...]:
    return tuple(party for party, took in zip(membership.ids, moved, strict=True) if took)

"""The calibration of one block: a pure function of parent models, members, samples, recalled samples and rules."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bema_py.core.rules import Rules
from bema_py.core.types import PartyId
from bema_py.learning.candidates import CandidateSample, member_models, sample_images
from bema_py.learning.datasets import ByteArray
from bema_py.learning.lessons import UsedSample, block_lessons
from bema_py.learning.margin import Judgement, judge, with_objections
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model
from bema_py.learning.progress import Progress
from bema_py.learning.scoring import ModelGroup, Scores, group_models, group_scores
from bema_py.learning.step import Step, StepSettings
from bema_py.learning.steps import ENHANCE, IMPAIR, round_steps


@dataclass(frozen=True, slots=True)
class StepCount:
    """How many steps of each kind a model took in a block."""

    enhance: int = 0
    impair: int = 0

    def plus(self, steps: Sequence[Step]) -> "StepCount":
        """Count further steps."""
        signs = [step.sign for step in steps]
        return StepCount(self.enhance + signs.count(ENHANCE), self.impair + signs.count(IMPAIR))


@dataclass(frozen=True, slots=True)
class BlockCalibration:
    """What a block's calibration decided and produced.

    judgements: one for each candidate, in their order. used: those that calibrated, in processing order.
    models: every member's model after the block; an unchanged one is the object that was given. changed: the
    members whose parameters changed, ascending. steps: how many steps every member's model took.
    """

    judgements: tuple[Judgement, ...]
    used: tuple[UsedSample, ...]
    models: Mapping[PartyId, Model]
    changed: tuple[PartyId, ...]
    steps: Mapping[PartyId, StepCount]


def calibrate_block(
    models: Mapping[PartyId, Model],
    membership: Membership,
    samples: Sequence[CandidateSample],
    rules: Rules,
    height: int,
    *,
    recalled: Sequence[CandidateSample] = (),
    progress: Progress | None = None,
) -> BlockCalibration:
    """Judge the samples at the parent models and calibrate with the valid ones (protocol, 4, steps 3 to 7).

    `samples` are in processing order, without those that another batch owns or that were used before. `recalled`
    are the samples that the block replays and rehearses; they are not judged and only enhance.
    `progress` hears of the stages "score" and "calibrate". Threads, chunks and machines do not change a bit
    of the result. Raises MissingModelError, HeldClassError, SampleSizeError, ImageShapeError and
    ClassRangeError.
    """
    members = member_models(models, membership)
    images = sample_images(samples, rules)
    groups = group_models(members, rules.input, rules.classes)
    scores = group_scores(groups, images, rules.classes, progress=progress)
    judged = judge(scores, [sample.y for sample in samples], membership, rules)
    judgements = with_objections(judged, [sample.objection for sample in samples])
    used = used_samples(judgements, rules)
    lessons = block_lessons(samples, used, recalled, rules)
    played = Rounds(membership, rules, height, groups, tuple(StepCount() for _ in members))
    for start in range(0, len(lessons.labels), rules.round_size):
        part = slice(start, start + rules.round_size)
        played = played.after(lessons.images[part], lessons.labels[part])
        if progress is not None:
            done = min(part.stop, len(lessons.labels))
            progress("calibrate", done, len(lessons.labels))
    return played.result(members, judgements, used)


def used_samples(judgements: Sequence[Judgement], rules: Rules) -> tuple[UsedSample, ...]:
    """Take the first valid samples, up to the block's limit and, where there is one, each class's quota."""
    quota = rules.class_quota or rules.max_samples
    taken: Counter[int] = Counter()
    used: list[UsedSample] = []
    for position, judgement in enumerate(judgements):
        if judgement.valid and judgement.wrong_label is not None and taken[judgement.label] < quota:
            taken[judgement.label] += 1
            used.append(UsedSample(position, judgement.wrong_label))
    return tuple(used[: rules.max_samples])


@dataclass(frozen=True, slots=True)
class Rounds:
    """The members' models, stacked, after some rounds of a block, and the steps they have taken."""

    membership: Membership
    rules: Rules
    height: int
    groups: tuple[ModelGroup, ...]
    counts: tuple[StepCount, ...]

    def after(self, images: ByteArray, labels: Sequence[tuple[int, int | None]]) -> "Rounds":
        """Play one round with these samples and their pairs (y, y-)."""
        from bema_py.learning.group_round import play_round  # noqa: PLC0415 - loads torch

        spaces = label_spaces(self.groups)
        settings = StepSettings(self.rules.step_size(self.height), self.rules.cap, self.rules.mode == "h")

        def decide(scores: Scores) -> list[list[Step]]:
            return round_steps(scores, labels, self.membership, self.rules, spaces)

        groups, steps = play_round(self.groups, images, self.rules.classes, decide, settings)
        counts = tuple(count.plus(taken) for count, taken in zip(self.counts, steps, strict=True))
        return replace(self, groups=groups, counts=counts)

    def result(
        self, before: Sequence[Model], judgements: tuple[Judgement, ...], used: tuple[UsedSample, ...]
    ) -> BlockCalibration:
        """Give the block's calibration; a model that did not change is the object it was before."""
        from bema_py.learning.stack import unstack  # noqa: PLC0415 - loads torch

        ids = self.membership.ids
        models = dict(zip(ids, before, strict=True))
        changed: list[PartyId] = []
        for group in self.groups:
            for position, model in zip(group.positions, unstack(group.stack), strict=True):
                if not same_parameters(model, before[position]):
                    models[ids[position]] = model
                    changed.append(ids[position])
        steps = dict(zip(ids, self.counts, strict=True))
        return BlockCalibration(judgements, used, models, tuple(sorted(changed)), steps)


def label_spaces(groups: Sequence[ModelGroup]) -> tuple[tuple[int, ...], ...]:
    """Give the label spaces in the members' order."""
    by_position = {
        position: space
        for group in groups
        for position, space in zip(group.positions, group.stack.label_spaces, strict=True)
    }
    return tuple(by_position[position] for position in sorted(by_position))


def same_parameters(first: Model, second: Model) -> bool:
    """Say whether two models of one architecture have the same bytes."""
    return all(np.array_equal(a, b) for a, b in zip(first.theta, second.theta, strict=True))

"""Which samples are valid (eqs. 8 to 10), decided exactly and by as few scores as the decision needs.

Most samples are refused, and what refuses them is mostly seen early. Eqs. 9 and 10 ask the holders of the class alone,
and some of them already bound the aggregate of a sample that is to pass: where all holders count, none lies further
than sigma from it. Of eq. 8 an upper bound on the other classes' aggregates is enough: a model that has not scored a
sample yet counts with the largest score there is. What no bound decides is scored by every model and judged as a miner
judges it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt

from bema_py.core.architecture import Architecture
from bema_py.core.layers import Convolution, Linear
from bema_py.core.rules import Rules
from bema_py.learning.arithmetic import ONE
from bema_py.learning.datasets import ByteArray
from bema_py.learning.first_look import cover, first_look
from bema_py.learning.krum import Integers, krum_aggregate, neighbour_count
from bema_py.learning.margin import judge
from bema_py.learning.membership import Membership
from bema_py.learning.model import Model
from bema_py.learning.scoring import ModelGroup, Scores, group_scores, select_models, stack_kinds

Mask = npt.NDArray[np.bool_]


@dataclass(eq=False)
class Sieve:
    """Tells at the models of one block which samples are valid, without the data witness (10b).

    models: in the order of the membership. stacks: those that were scored together before, by their positions.
    """

    models: Sequence[Model]
    membership: Membership
    rules: Rules
    stacks: dict[tuple[int, ...], tuple[ModelGroup, ...]] = field(default_factory=dict)

    @cached_property
    def held(self) -> tuple[frozenset[int], ...]:
        """Give the members' classes, in their order."""
        return tuple(member.held for member in self.membership.parties)

    @cached_property
    def efforts(self) -> tuple[int, ...]:
        """Give what a sample costs each model."""
        return tuple(effort(model.architecture) for model in self.models)

    @cached_property
    def _kinds(self) -> tuple[ModelGroup, ...]:
        """Give all models, each kind stacked once for the sieve's whole life."""
        return stack_kinds(self.models, self.rules.input, self.rules.classes)

    def valid(self, images: ByteArray, labels: Integers) -> Mask:
        """Say for each sample whether `judge` would find it valid.

        `images` is uint8 (n, channels, height, width), `labels` (n,).
        """
        result = np.zeros(len(labels), dtype=np.bool_)
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            result[rows] = self._of_class(images[rows], int(label))
        return result

    def _of_class(self, images: ByteArray, label: int) -> Mask:
        """Decide for samples of one class."""
        result = np.zeros(len(images), dtype=np.bool_)
        holders, rivals = self.membership.holders(label), self._rivals(label)
        if not holders or not rivals:
            return result
        seen = Partial.of(self, images, label)
        # No margin lies above 1.
        bounded = self.rules.tau < ONE and self.rules.wrong_class == "largest"
        if bounded:
            seen.score(first_look(self.held, self.efforts, label, self.rules))
            self._keep_undecided(seen, rivals)
        seen.score(holders)
        if bounded:
            undecided = self._keep_undecided(seen, rivals)
            seen.score(self._cover(seen, undecided))
            # A further score only lowers a bound: what was decided stays so.
            self._keep_undecided(seen, tuple(undecided))
        if self.rules.tau < ONE:
            seen.score(range(len(self.models)))
            verdicts = judge(seen.scores, np.full(len(seen.rows), label), self.membership, self.rules)
            seen.keep(np.array([verdict.valid for verdict in verdicts], dtype=np.bool_))
        result[seen.rows] = True
        return result

    def _rivals(self, label: int) -> tuple[int, ...]:
        """Give the other classes that somebody holds."""
        return tuple(y for y in range(self.rules.classes) if y != label and self.membership.holders(y))

    def _keep_undecided(self, seen: "Partial", rivals: Sequence[int]) -> dict[int, Mask]:
        """Drop the samples whose margin is above tau whatever the missing scores are.

        Gives the rivals that leave samples undecided, and for each of them which of the samples left these are.
        """
        masks = {rival: self._undecided(seen, rival) for rival in rivals}
        left = np.zeros(len(seen.rows), dtype=np.bool_)
        for mask in masks.values():
            left |= mask
        seen.keep(left)
        return {rival: mask[left] for rival, mask in masks.items() if mask.any()}

    def _undecided(self, seen: "Partial", rival: int) -> Mask:
        """Say for which samples the aggregate of another class may yet be large enough for eq. 8."""
        holders = list(self.membership.holders(rival))
        most = neighbour_count(len(holders), self.rules.alpha)
        values = np.where(seen.known[holders, None], seen.scores[holders, :, rival], ONE)
        # Whichever members the aggregate takes, no `most` scores sum to more than the largest ones.
        bound = np.sort(values, axis=0)[-most:].sum(axis=0)
        margin = seen.least * most - bound * seen.neighbours
        undecided: Mask = margin <= self.rules.tau * seen.neighbours * most
        return undecided

    def _cover(self, seen: "Partial", undecided: dict[int, Mask]) -> list[int]:
        """Choose cheap models that have not scored yet and together hold every class that is open for a sample."""
        weights = {label: int(mask.sum()) for label, mask in undecided.items()}
        candidates = {
            position: classes & undecided.keys()
            for position, classes in enumerate(self.held)
            if not seen.known[position]
        }
        return cover(candidates, self.efforts, dict.fromkeys(weights, 1), weights)

    def scores(self, positions: tuple[int, ...], images: ByteArray) -> Scores:
        """Give the exact scores of some models, in the order of their positions."""
        if positions not in self.stacks:
            self.stacks[positions] = select_models(self._kinds, positions)
        return group_scores(self.stacks[positions], images, self.rules.classes)


def effort(architecture: Architecture) -> int:
    """Give how many products one sample takes; those of convolutions count three times, as long as they take."""
    pairs = zip(architecture.layers, architecture.shapes()[1:], strict=True)
    return sum(
        (3 if isinstance(layer, Convolution) else 1) * prod(layer.parameter_shapes()[0]) * prod(shape[1:])
        for layer, shape in pairs
        if isinstance(layer, Convolution | Linear)
    )


@dataclass(eq=False)
class Partial:
    """The samples that are still in question, by some of the models' scores.

    label: their class. rows: their places among the samples at first. scores: (members, samples, classes) in 2^-24,
    zero where unknown. known: (members,), whether the member's model has scored them. neighbours: m of their own
    class's aggregate. least: (samples,), what its m scores sum to at least if the sample is valid.
    """

    sieve: Sieve
    images: ByteArray
    label: int
    rows: Integers
    scores: Scores
    known: Mask
    neighbours: int
    least: Integers

    @classmethod
    def of(cls, sieve: Sieve, images: ByteArray, label: int) -> "Partial":
        """Begin with all samples of a class and no score."""
        members, samples = len(sieve.models), len(images)
        scores = np.zeros((members, samples, sieve.rules.classes), dtype=np.int64)
        neighbours = neighbour_count(len(sieve.membership.holders(label)), sieve.rules.alpha)
        least = np.full(samples, sieve.rules.delta * neighbours, dtype=np.int64)
        known = np.zeros(members, dtype=np.bool_)
        return cls(sieve, images, label, np.arange(samples), scores, known, neighbours, least)

    def score(self, positions: Sequence[int]) -> None:
        """Let these models score the samples that are left, unless they did before; drop what eqs. 9 and 10 refuse."""
        new = tuple(position for position in positions if not self.known[position])
        if new and len(self.rows):
            self.scores[list(new)] = self.sieve.scores(new, self.images)
        self.known[list(new)] = True
        self._bound_own()

    def _bound_own(self) -> None:
        """Drop what eqs. 9 and 10 refuse whatever the missing scores are; bound the aggregate of the other samples."""
        holders = list(self.sieve.membership.holders(self.label))
        m, known = self.neighbours, self.known[holders]
        delta, sigma = self.sieve.rules.delta * m, self.sieve.rules.sigma * m
        own = self.scores[holders, :, self.label]
        if known.all():
            aggregate = krum_aggregate(own, m)
            self.least = aggregate.total
            self.keep((aggregate.total >= delta) & (aggregate.spread <= sigma))
        elif known.any() and m == len(holders):
            found = own[known]
            total, missing = found.sum(axis=0), int((~known).sum())
            self.least = np.maximum(np.maximum(total, m * found.max(axis=0) - sigma), delta)
            most = np.minimum(total + missing * ONE, m * found.min(axis=0) + sigma)
            self.keep(self.least <= most)

    def keep(self, mask: Mask) -> None:
        """Leave only these samples in question."""
        self.images, self.rows, self.scores = self.images[mask], self.rows[mask], self.scores[:, mask]
        self.least = self.least[mask]

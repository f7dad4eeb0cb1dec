"""Attacks with images that were computed from the models: white-box gradient descent within a budget a pixel."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bema_py.core.batch import Sample
from bema_py.core.rules import SCORE_ONE, Rules
from bema_py.experiments.strategies.claims import holders_mean, passing, samples_of, unsent
from bema_py.experiments.strategies.view import AttackView, Scene
from bema_py.experiments.systems import System
from bema_py.learning.crafting import Aim, Pull, crafted
from bema_py.learning.datasets import ByteArray, Dataset, IndexArray
from bema_py.learning.krum import Integers

SCORED_RECORDS = 256
"""Records that an attacker chooses those to be moved among where that takes their scores."""
CANDIDATES_A_MESSAGE = 1.5
"""Images moved for each message; not every one reaches its aim."""
_SLACK = 0.05
"""How far above its bound a score is aimed, so that rounding to grey levels does not undo it."""
_SEEN = 0.95
"""The score that counts as seeing a class strongly."""


@dataclass(frozen=True, slots=True)
class Crafted:
    """Move records until they pass under a false class, the one that they come nearest to.

    budget: grey levels that a pixel may change by. steps: of the descent.
    """

    budget: int = 64
    steps: int = 12

    def __call__(self, view: AttackView) -> tuple[Sample, ...]:
        """Give at most `view.limit` moved samples."""
        data, likeness = seen_by_witness(view)
        claimed = likeness.argmax(axis=1)
        chosen = most_like(likeness, view.limit)
        images, labels = data.images[chosen], data.labels[chosen].astype(np.int64)
        aim = false_aim(view.scene.system.rules, claimed[chosen], labels)
        moved = moved_images(view.scene, images, aim, self.budget, self.steps)
        return tuple(undetected(view.scene, moved, aim.claimed)[: view.limit])


@dataclass(frozen=True, slots=True)
class CleanLabel:
    """Move records, under their own class, until the models see another class in them and yet find them valid.

    What is learned from such a sample is the attacker's choice though its class is right: models unlearn the other
    class where they see it most. Those that are seen most strongly as another class are sent first.
    """

    budget: int = 48
    steps: int = 12

    def __call__(self, view: AttackView) -> tuple[Sample, ...]:
        """Give at most `view.limit` moved samples."""
        data, likeness = seen_by_models(view)
        chosen = most_like(likeness, view.limit)
        images, labels = data.images[chosen], data.labels[chosen].astype(np.int64)
        aim = true_aim(view.scene.system.rules, labels, likeness.argmax(axis=1)[chosen])
        moved = moved_images(view.scene, images, aim, self.budget, self.steps)
        seen = holders_mean(view.scene.system, view.scene.scorer(moved))[np.arange(len(moved)), aim.rival]
        order = np.argsort(-seen, kind="stable")
        return tuple(undetected(view.scene, moved[order], aim.claimed[order])[: view.limit])


def seen_by_witness(view: AttackView) -> tuple[Dataset, npt.NDArray[np.float64]]:
    """Give the records of a search, and how much each looks like each other class to the attackers' own witness.

    Where the rules know no witness, how much it does to the models. The own class is 0, and so is one without holders.
    """
    surrogate = view.scene.ring.surrogate
    if surrogate is None:
        return seen_by_models(view)
    rows = view.search.rows
    data = view.search.private.select(rows)
    likeness = surrogate.likeness(view.party, rows, data.labels.astype(np.int64))
    return data, other_classes(view.scene.system, data, likeness)


def seen_by_models(view: AttackView) -> tuple[Dataset, npt.NDArray[np.float64]]:
    """Give the first records of a search, and how much each looks like each other class to that class's holders."""
    data = view.search.private.select(view.search.rows[:SCORED_RECORDS])
    likeness = holders_mean(view.scene.system, view.scene.scorer(data.images))
    return data, other_classes(view.scene.system, data, likeness)


def other_classes(
    system: System, data: Dataset, likeness: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Put 0 for each record's own class and for classes that nobody holds, (records, classes)."""
    held = [bool(system.membership.holders(y)) for y in range(system.rules.classes)]
    found = np.where(held, likeness, 0.0)
    found[np.arange(len(data)), data.labels] = 0.0
    return found


def most_like(likeness: npt.NDArray[np.float64], limit: int) -> IndexArray:
    """Give the positions of the records most like some other class, more than the limit as not all will pass."""
    order = np.argsort(-likeness.max(axis=1), kind="stable")
    return order[: round(CANDIDATES_A_MESSAGE * limit)]


def false_aim(rules: Rules, claimed: Integers, true: Integers) -> Aim:
    """Aim at validity under a false class: sure enough and agreed upon, and no surer than of the true class (eq. 8)."""
    low, high = band(rules)
    return Aim(claimed, true, low, high, 0.0 if rules.tau == SCORE_ONE else min(high + _SLACK, 0.99))


def true_aim(rules: Rules, true: Integers, seen: Integers) -> Aim:
    """Aim at validity under the true class, with another class seen as strongly as can be."""
    low, high = band(rules)
    return Aim(true, seen, low, high, max(_SEEN, min(high + _SLACK, 0.99)))


def band(rules: Rules) -> tuple[float, float]:
    """Give the scores between which eqs. 9 and 10 hold whoever is chosen as a."""
    low = min(rules.delta / SCORE_ONE + _SLACK, 0.95)
    return low, min(max(low + rules.sigma / SCORE_ONE - _SLACK, low), 0.98)


def moved_images(scene: Scene, images: ByteArray, aim: Aim, budget: int, steps: int) -> ByteArray:
    """Move images towards an aim, through the attackers' own witness where the rules know one."""
    system, surrogate = scene.system, scene.ring.surrogate
    pull = None
    if surrogate is not None:
        pull = Pull.of(surrogate.references, surrogate.rules.ratio, images, aim.claimed, system.rules.classes)
    models = [system.models[party] for party in system.membership.ids]
    return crafted(models, system.membership, images, aim, budget=budget, steps=steps, pull=pull)


def undetected(scene: Scene, images: ByteArray, labels: Integers) -> list[Sample]:
    """Keep what passes the checks, exactly, and the attackers' own witness."""
    ok = passing(scene, images, labels)
    surrogate = scene.ring.surrogate
    if surrogate is not None:
        ok &= surrogate.passes(images, labels)
    return unsent(scene, samples_of(images[ok], labels[ok]))

"""Samples under a false class that nevertheless pass: what attackers find in their data, since models are public."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bema_py.core.batch import Sample
from bema_py.core.types import PartyId
from bema_py.experiments.scanning import Piece
from bema_py.experiments.strategies.surrogate import Surrogate
from bema_py.experiments.strategies.view import Scene
from bema_py.experiments.systems import System
from bema_py.learning.datasets import ByteArray
from bema_py.learning.krum import Integers
from bema_py.learning.scoring import Scores


@dataclass(frozen=True, slots=True)
class Claim:
    """A sample to be sent under a false class, and its true one."""

    sample: Sample
    true: int

    @property
    def pair(self) -> tuple[int, int]:
        """The true class and the one that is claimed."""
        return self.true, self.sample.y


def natural_claims(scene: Scene, party: PartyId, surrogate: Surrogate | None = None) -> Iterator[Claim]:
    """Yield a party's records, as they are, under the false class that suits them best of those that let them pass.

    With a surrogate they pass that too, and none of its own references is among them. What was sent before is left out.
    """
    for piece in scene.searches[party].pieces():
        false = false_classes(scene.system, piece)
        if surrogate is not None:
            false &= surrogate.passing(party, piece.rows)
        chosen = np.where(false, holders_mean(scene.system, piece.scores), -1).argmax(axis=1)
        positions = np.flatnonzero(false.any(axis=1))
        samples = samples_of(piece.samples.images[positions], chosen[positions])
        for sample, true in zip(samples, piece.labels[positions].tolist(), strict=True):
            if sample.id() not in scene.ring.sent:
                yield Claim(sample, true)


def false_classes(system: System, piece: Piece) -> npt.NDArray[np.bool_]:
    """Say under which classes but their own the records pass the system's checks, (samples, classes)."""
    passing = passing_classes(system, piece.scores)
    passing[np.arange(len(piece.labels)), piece.labels] = False
    return passing


def passing_classes(system: System, scores: Scores) -> npt.NDArray[np.bool_]:
    """Say under which classes samples pass the system's checks, (samples, classes); the checks are the system's own."""
    columns = [system.wanted(scores, np.full(scores.shape[1], y)) for y in range(system.rules.classes)]
    return np.stack(columns, axis=1)


def passing(scene: Scene, images: ByteArray, labels: Integers) -> npt.NDArray[np.bool_]:
    """Say which images pass the system's checks under these labels, scored exactly."""
    return scene.system.wanted(scene.scorer(images), labels)


def holders_mean(system: System, scores: Scores) -> npt.NDArray[np.float64]:
    """Give the mean score of each class among its holders, in 2^-24, (samples, classes); 0 for a class without any."""
    holders = [list(system.membership.holders(y)) for y in range(system.rules.classes)]
    means = [
        scores[held, :, y].mean(axis=0) if held else np.zeros(scores.shape[1])
        for y, held in enumerate(holders)
    ]
    return np.stack(means, axis=1)


def samples_of(images: ByteArray, labels: Sequence[int] | Integers) -> list[Sample]:
    """Give images (n, channels, height, width) as samples under these labels."""
    return [Sample(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)]


def unsent(scene: Scene, samples: Sequence[Sample]) -> list[Sample]:
    """Leave out what an attacker sent before, and all but the first of equal samples."""
    found = {sample.id(): sample for sample in samples}
    return [sample for name, sample in found.items() if name not in scene.ring.sent]

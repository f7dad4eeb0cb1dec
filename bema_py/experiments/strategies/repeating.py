"""Attacks with what was already sent: replayed samples and duplicates."""

from collections.abc import Sequence

import numpy as np

from bema_py.core.batch import Sample
from bema_py.experiments.strategies.natural import common_pool
from bema_py.experiments.strategies.view import AttackView, Scene


def replay(view: AttackView) -> tuple[Sample, ...]:
    """Send samples again that earlier blocks used, anybody's, drawn at random; for the first block there are none."""
    earlier = view.scene.ring.used
    chosen = view.random().permutation(len(earlier))[: view.limit]
    return tuple(earlier[place].sample for place in chosen)


def flooding(view: AttackView) -> tuple[Sample, ...]:
    """Send one and the same sample over and over, and one-pixel variants of what was accepted.

    Half of the messages are a sample that all attackers send in every block, the other half variants of samples of
    theirs that were used, which are samples of their own by their ids.
    """
    base = duplicated(view.scene)
    if base is None:
        return ()
    accepted: Sequence[Sample] = view.scene.ring.accepted or [base]
    random = view.random()
    count = view.limit // 2
    variants = [
        one_pixel_off(accepted[place], random) for place in random.integers(len(accepted), size=count)
    ]
    return (*[base] * (view.limit - count), *variants)


def duplicated(scene: Scene) -> Sample | None:
    """Give the sample that all attackers send in every block, the first they found that passed; None before that."""
    if scene.ring.sent:
        return next(iter(scene.ring.sent.values()))
    pool = common_pool(scene)
    return pool[0].sample if pool else None


def one_pixel_off(sample: Sample, random: np.random.Generator) -> Sample:
    """Change one pixel of a sample by one grey level."""
    pixels = bytearray(sample.x)
    pixels[random.integers(len(pixels))] ^= 1
    return Sample(bytes(pixels), sample.y)

"""What a block calibrates with: its used samples and those it recalls, in one order, each moved by some pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bema_py.core.rules import Rules
from bema_py.core.types import Digest
from bema_py.learning.candidates import CandidateSample, sample_images
from bema_py.learning.datasets import ByteArray


@dataclass(frozen=True, slots=True)
class UsedSample:
    """A sample that calibrates: its position among the candidates and y- as judged at the parent models."""

    position: int
    wrong_label: int


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """The images that calibrate a block, in order, and the pair (y, y-) of each; recalled samples impair nothing."""

    images: ByteArray
    labels: tuple[tuple[int, int | None], ...]


def block_lessons(
    samples: Sequence[CandidateSample],
    used: Sequence[UsedSample],
    recalled: Sequence[CandidateSample],
    rules: Rules,
) -> Lessons:
    """Join the used samples and the recalled ones by ascending keys, and shift their images."""
    pairs: list[tuple[CandidateSample, int | None]] = [
        *((samples[item.position], item.wrong_label) for item in used),
        *((sample, None) for sample in recalled),
    ]
    pairs.sort(key=lambda pair: pair[0].key)
    ordered = [sample for sample, _ in pairs]
    images = shifted(sample_images(ordered, rules), [sample.key for sample in ordered], rules.shift)
    return Lessons(images, tuple((sample.y, wrong) for sample, wrong in pairs))


def shifted(images: ByteArray, keys: Sequence[Digest], limit: int) -> ByteArray:
    """Move each image (n, channels, height, width) by up to `limit` pixels right and down, zeros coming in.

    A key's last two bytes, each taken modulo 2 limit + 1, less the limit, are the pixels; its first bytes order the
    block's samples.
    """
    if limit == 0:
        return images
    _, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (limit, limit), (limit, limit)))
    moved = np.empty_like(images)
    for position, key in enumerate(keys):
        right, down = (byte % (2 * limit + 1) - limit for byte in key[-2:])
        rows = slice(limit - down, limit - down + height)
        columns = slice(limit - right, limit - right + width)
        moved[position] = padded[position, :, rows, columns]
    return moved

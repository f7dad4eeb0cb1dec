"""The data witness's arithmetic: exact distances, the decision, and the reference sets behind them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bema_py.core.types import Digest
from bema_py.core.witness import NEIGHBOURS, WitnessRules
from bema_py.learning.datasets import Dataset, DatasetSizeError
from bema_py.learning.margin import Verdict
from bema_py.learning.references import ReferenceOpening, WrongOpeningError, reference_set, split_references
from bema_py.learning.strokes import StrokeShapeError, stroke_features
from bema_py.learning.witness import (
    UNKNOWN,
    features,
    nearest_distances,
    objection,
    objections,
    pooled_distances,
)

RULES = WitnessRules("plain", (Digest(bytes(32)),), 1, (19, 21), 0, 1386, 405, 7000)
SIDE = 8


def plain_feature(image: list[list[int]]) -> list[int]:
    """The stroke feature by Python integers alone, pixel by pixel."""
    side = len(image)
    places = [(y, x) for y in range(side) for x in range(side)]
    mass = sum(image[y][x] for y, x in places)
    mean_x = sum(x * image[y][x] for y, x in places)
    mean_y = sum(y * image[y][x] for y, x in places)
    covariance = mass * sum(x * y * image[y][x] for y, x in places) - mean_x * mean_y
    variance = mass * sum(y * y * image[y][x] for y, x in places) - mean_y * mean_y
    slant = max(-(2**16), min(2**16, covariance * 2**16 // max(variance, 1)))

    def pixel(y: int, x: int) -> int:
        return image[y][x] if 0 <= x < side else 0

    def upright(y: int, x: int) -> int:
        if not (0 <= y < side and 0 <= x < side):
            return 0
        cell, part = divmod(slant * (mass * y - mean_y) // (max(mass, 1) * 256), 256)
        return ((256 - part) * pixel(y, x + cell) + part * pixel(y, x + cell + 1)) >> 8

    def halved(y: int, x: int, dy: int, dx: int) -> int:
        if not (0 <= y < side // 2 and 0 <= x < side // 2):
            return 0
        return sum(
            max(upright(v + dy, u + dx) - upright(v - dy, u - dx), 0)
            for v in (2 * y, 2 * y + 1)
            for u in (2 * x, 2 * x + 1)
        )

    weights = {-1: 1, 0: 2, 1: 1}
    return [
        sum(weights[i] * weights[j] * halved(y + i, x + j, dy, dx) for i in weights for j in weights) >> 6
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0))
        for y in range(0, side // 2, 2)
        for x in range(0, side // 2, 2)
    ]


@settings(deadline=None, max_examples=40)
@given(st.binary(min_size=SIDE * SIDE, max_size=SIDE * SIDE), st.integers(0, 255))
def test_the_stroke_feature_is_what_plain_integers_give(pixels: bytes, floor: int) -> None:
    image = np.frombuffer(pixels, np.uint8).reshape(1, 1, SIDE, SIDE)
    sparse = np.where(image > floor, image, 0).astype(np.uint8)
    assert stroke_features(sparse)[0].tolist() == plain_feature(sparse[0, 0].tolist())


@pytest.mark.parametrize("fill", [0, 255])
def test_blank_and_full_images_have_features(fill: int) -> None:
    images = np.full((2, 1, 32, 32), fill, np.uint8)
    assert stroke_features(images).shape == (2, 256)
    checkers = (np.indices((32, 32)).sum(axis=0) // 2 % 2 * 255).astype(np.uint8)
    found = stroke_features(checkers[None, None])
    assert found[0].tolist() == plain_feature(checkers.tolist())


def test_a_slanted_stroke_lies_nearer_to_an_upright_one_than_by_its_bytes() -> None:
    upright, slanted, flat = (np.zeros((1, 1, 28, 28), np.uint8) for _ in range(3))
    for y in range(4, 24):
        upright[0, 0, y, 13:16] = 255
        slanted[0, 0, y, 13 + (14 - y) // 2 : 16 + (14 - y) // 2] = 255
    flat[0, 0, 13:16, 4:24] = 255
    a, b, c = (stroke_features(image).astype(int) for image in (upright, slanted, flat))
    assert ((a - b) ** 2).sum() * 5 < ((a - c) ** 2).sum()


@pytest.mark.parametrize("shape", [(1, 3, 28, 28), (1, 1, 30, 28), (1, 1, 28, 36), (1, 1, 0, 28)])
def test_other_shapes_have_no_stroke_feature(shape: tuple[int, ...]) -> None:
    with pytest.raises(StrokeShapeError):
        stroke_features(np.zeros(shape, np.uint8))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(3, 40), st.integers(1, 900))
def test_distances_are_exact(seed: int, count: int, size: int) -> None:
    random = np.random.default_rng(seed)
    samples = random.integers(0, 256, (4, size), dtype=np.uint8)
    references = random.choice([0, 255], (count, size)).astype(np.uint8)
    found = nearest_distances(samples, references)
    for row, sample in zip(found.tolist(), samples.tolist(), strict=True):
        every = sorted(
            sum((a - b) ** 2 for a, b in zip(sample, ref, strict=True)) for ref in references.tolist()
        )
        assert row == every[:NEIGHBOURS]


def test_the_nearest_references_of_all_founders_are_pooled() -> None:
    first = np.array([[[1, 5, 9], [7, 7, 7]]])
    second = np.array([[[2, 3, 100]]])
    pooled = pooled_distances([((0, 2), first), ((0,), second)], samples=1, classes=4)
    assert pooled.tolist() == [[1 + 2 + 3, UNKNOWN, 21, UNKNOWN]]


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ((19, 21, 50), None),
        ((20, 21, 50), Verdict.NEARER_TO_ANOTHER),
        ((19, 50, 21), None),
        ((20, 50, 21), Verdict.NEARER_TO_ANOTHER),
        ((20, 50, UNKNOWN), None),
        ((UNKNOWN, 50, 21), Verdict.UNHEARD),
        ((20, UNKNOWN, UNKNOWN), Verdict.UNHEARD),
    ],
)
def test_a_sample_must_lie_nearer_to_its_class_than_to_every_other(
    distances: tuple[int, ...], expected: Verdict | None
) -> None:
    assert objection(distances, 0, RULES) is expected


def test_a_sample_must_not_lie_too_far_from_its_class() -> None:
    rules = WitnessRules("plain", (Digest(bytes(32)),), 1, (1, 1), 10, 1, 1, 1)
    found = objections(np.array([[10, 90], [11, 90]]), [0, 0], rules)
    assert found == (None, Verdict.FAR_FROM_ITS_CLASS)


def patterns(count: int) -> Dataset:
    random = np.random.default_rng(3)
    labels = (np.arange(count) % 2 + 4).astype(np.uint8)
    return Dataset(random.integers(0, 256, (count, 1, 6, 6), dtype=np.uint8), labels)


def test_references_and_calibration_samples_never_overlap() -> None:
    data = patterns(41)
    references, rest = split_references(data, (4, 5), b"a secret")
    assert sorted([*references, *rest]) == list(range(41))
    assert np.bincount(data.labels[references])[4:].tolist() == [10, 10]
    with pytest.raises(DatasetSizeError):
        split_references(data, (4, 5, 6), b"a secret")


def test_every_stated_distance_can_be_opened_and_no_other_reference_shown() -> None:
    data = patterns(20)
    own = reference_set("plain", data, b"a secret of the founder")
    image = np.random.default_rng(9).integers(0, 256, (1, 1, 6, 6), dtype=np.uint8)
    stated = own.distances(image)[0]
    for position, label in enumerate(own.classes):
        for rank in range(NEIGHBOURS):
            opening = own.open(own.nearest(image[0], label, rank))
            opening.check(own.root)
            assert opening.label == label
            shown = np.frombuffer(opening.feature, np.uint8).astype(int)
            away = ((features(image, "plain")[0].astype(int) - shown) ** 2).sum()
            assert away == stated[position, rank]


def test_a_changed_opening_is_refused() -> None:
    own = reference_set("plain", patterns(20), b"a secret of the founder")
    opening = own.open(7)
    changed = [
        ReferenceOpening(8, 20, opening.label, opening.salt, opening.feature, opening.proof),
        ReferenceOpening(7, 20, opening.label + 1, opening.salt, opening.feature, opening.proof),
        ReferenceOpening(7, 20, opening.label, bytes(32), opening.feature, opening.proof),
        ReferenceOpening(7, 20, opening.label, opening.salt, bytes(36), opening.proof),
    ]
    for false in changed:
        with pytest.raises(WrongOpeningError):
            false.check(own.root)


def test_another_secret_gives_another_root() -> None:
    data = patterns(20)
    assert reference_set("plain", data, b"one").root != reference_set("plain", data, b"two").root

"""Images moved on purpose go where they are meant to, and their float feature is the exact one's twin."""

import numpy as np
import pytest
import torch

from bema_py.core.architecture import lenet4
from bema_py.core.types import PartyId
from bema_py.learning.attacks import TRIGGER, backdoored, random_model, stamped
from bema_py.learning.crafting import Aim, Pull, crafted, score_misses
from bema_py.learning.datasets import Dataset, load_digits_dataset
from bema_py.learning.float_net import flat_parameters
from bema_py.learning.float_strokes import float_strokes
from bema_py.learning.membership import Membership
from bema_py.learning.references import reference_set
from bema_py.learning.scoring import class_scores
from bema_py.learning.strokes import stroke_features

MEMBERS = Membership.of([(PartyId(1), [0, 1]), (PartyId(2), [1, 2]), (PartyId(3), [0, 2])])


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_digits_dataset().training


@pytest.fixture(scope="module")
def models():
    return [random_model(lenet4(4), range(3), seed) for seed in range(3)]


def aim_of(count, **changes):
    usual = {"claimed": np.full(count, 1), "rival": np.full(count, 2), "low": 0.5, "high": 0.6, "floor": 0.0}
    return Aim(**usual | changes)


def test_the_float_feature_is_the_exact_one_before_rounding_down(digits):
    images = digits.images[:50]
    exact = stroke_features(images).astype(np.float64)
    found = float_strokes(torch.from_numpy(images.copy()).float()).numpy()
    # The exact feature rounds down each grey level of the upright image and each value of the maps.
    assert np.abs(found - exact).max() < 3
    assert np.abs(found - exact).mean() < 0.6


def test_moved_images_come_nearer_to_their_aim_and_stay_within_the_budget(digits, models):
    images = digits.images[:20]
    aim = aim_of(20)
    moved = crafted(models, MEMBERS, images, aim, budget=60, steps=12)
    assert np.abs(moved.astype(int) - images).max() <= 60
    copies = [flat_parameters(model, torch.float32) for model in models]
    before, after = (
        score_misses(models, copies, MEMBERS, torch.from_numpy(found.copy()).float(), aim)
        for found in (images, moved)
    )
    assert (after <= before + 1e-3).all()
    assert after.sum() < 0.5 * before.sum()
    assert np.array_equal(moved, crafted(models, MEMBERS, images, aim, budget=60, steps=12))


def test_misses_count_the_holders_of_the_claimed_class_and_of_the_rival_alone(digits, models):
    images = torch.from_numpy(digits.images[:5].copy()).float()
    copies = [flat_parameters(model, torch.float32) for model in models]
    scores = class_scores(models, digits.images[:5], 3) / 2**24
    expected = np.zeros(5)
    for member in (0, 1):
        own = np.log(scores[member, :, 1])
        expected += np.maximum(np.log(0.5) - own, 0) + np.maximum(own - np.log(0.6), 0)
    found = score_misses(models, copies, MEMBERS, images, aim_of(5)).numpy()
    assert found == pytest.approx(expected, abs=1e-3)
    for member in (1, 2):
        expected += np.maximum(np.log(0.9) - np.log(scores[member, :, 2]), 0)
    found = score_misses(models, copies, MEMBERS, images, aim_of(5, floor=0.9)).numpy()
    assert found == pytest.approx(expected, abs=1e-3)


def test_an_image_is_pulled_towards_references_of_the_class_it_claims(digits, models):
    threes, eights = digits.of_classes([3]), digits.of_classes([8])
    both = Dataset(
        np.concatenate([threes.images[10:], eights.images[10:]]),
        np.repeat(np.array([0, 1], np.uint8), [len(threes) - 10, len(eights) - 10]),
    )
    references = reference_set("strokes", both, b"")
    images, claimed = threes.images[:10], np.full(10, 1)
    pull = Pull.of(references, (19, 21), images, claimed, 3)
    float_images = torch.from_numpy(images.copy()).float()
    before = pull.misses(float_images)
    assert (before > 0).all()
    assert (Pull.of(references, (19, 21), images, np.full(10, 0), 3).misses(float_images) == 0).any()
    free = aim_of(10, low=1e-9, high=1.0)
    moved = crafted(models, MEMBERS, images, free, budget=80, steps=12, pull=pull)
    after = pull.misses(torch.from_numpy(moved.copy()).float())
    assert (after < before).all()
    # Class 2 has no references: it neither helps nor counts as near.
    assert pull.known.tolist() == [True, True, False]


def test_a_stamp_is_a_white_square_and_a_backdoored_set_is_labelled_by_it(digits):
    images = digits.images[:30]
    marked = stamped(images)
    assert marked is not images
    assert (marked[:, :, -5:-1, -5:-1] == 255).all()
    outside = np.ones((28, 28), bool)
    outside[-TRIGGER - 1 : -1, -TRIGGER - 1 : -1] = False
    assert np.array_equal(marked[:, 0, outside], images[:, 0, outside])
    data = Dataset(images, digits.labels[:30])
    poisoned = backdoored(data, 7, 0.2, seed=1)
    changed = [place for place in range(30) if (poisoned.images[place] != images[place]).any()]
    assert len(changed) == 6
    assert (poisoned.labels[changed] == 7).all()
    kept = np.setdiff1d(np.arange(30), changed)
    assert np.array_equal(poisoned.labels[kept], data.labels[kept])
    assert np.array_equal(backdoored(data, 7, 0.2, seed=1).images, poisoned.images)

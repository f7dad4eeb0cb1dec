"""Equation 2 and the search for clones, against sums done by hand."""

from dataclasses import replace

import numpy as np
import pytest

from bema_py.core.architecture import linear
from bema_py.core.types import PartyId
from bema_py.learning.attacks import random_model, swapped_labels
from bema_py.learning.cases import build_case
from bema_py.learning.datasets import Dataset, load_digits_dataset
from bema_py.learning.model import Model
from bema_py.learning.parties import TrainingJob
from bema_py.learning.recipe import Recipe
from bema_py.learning.scoring import class_scores
from bema_py.learning.validation import Deviation, NoValidationSamplesError, deviation, nearest_registered

RECIPE = Recipe(150)


@pytest.fixture(scope="module")
def case():
    return build_case("D", load_digits_dataset(), 1)


@pytest.fixture(scope="module")
def founder(case):
    return TrainingJob(case.parties[0], case.public, 1, RECIPE).run()


@pytest.fixture(scope="module")
def newcomer(case):
    return TrainingJob(case.parties[1], case.public, 2, RECIPE).run()


def test_deviation_sums_the_scores_of_the_right_class(case, founder, newcomer):
    data = case.parties[0].private
    found = deviation(newcomer, founder, data, [1, 2])
    scores = class_scores([newcomer, founder], data.images, 10)
    total = sum(
        abs(int(scores[0, k, y]) - int(scores[1, k, y])) for k, y in enumerate(data.labels) if y in (1, 2)
    )
    assert found == Deviation(total, int(np.isin(data.labels, [1, 2]).sum()))
    assert found.per_sample == pytest.approx(total / found.samples / 2**24)


def test_the_bound_is_exact_at_the_limit():
    assert Deviation(300, 100).within(3)
    assert not Deviation(301, 100).within(3)


def test_honest_newcomers_are_nearer_than_malicious_ones(case, founder, newcomer):
    data, vouched = case.parties[0].private, (1, 2)
    liar = replace(case.parties[1], private=swapped_labels(case.parties[1].private, 1))
    swapped = TrainingJob(liar, case.public, 2, RECIPE).run()
    random = random_model(newcomer.architecture, newcomer.classes, 2)
    honest = deviation(newcomer, founder, data, vouched).per_sample
    assert honest < 0.5 * deviation(swapped, founder, data, vouched).per_sample
    assert honest < 0.5 * deviation(random, founder, data, vouched).per_sample


def test_a_class_outside_the_label_space_scores_zero():
    data = Dataset(np.zeros((1, 1, 28, 28), np.uint8), np.array([2], np.uint8))
    narrow = Model.from_floats(linear(2), (0,), [np.zeros((2, 784)), np.zeros(2)])
    wide = Model.from_floats(linear(4), (0, 1, 2), [np.zeros((4, 784)), np.zeros(4)])
    assert deviation(narrow, wide, data, [2]) == Deviation(2**22, 1)


def test_no_samples_is_no_approval(case, founder, newcomer):
    with pytest.raises(NoValidationSamplesError, match=r"classes \[5, 7\]"):
        deviation(newcomer, founder, case.parties[0].private, [7, 5])


def test_a_clone_is_found_at_distance_zero(case, founder, newcomer):
    data = case.parties[0].private
    registered = {PartyId(7): newcomer, PartyId(3): founder, PartyId(5): founder}
    nearest = nearest_registered(founder, registered, data, [0, 1])
    assert (nearest.party, nearest.distance.total) == (3, 0)
    other = nearest_registered(newcomer, {PartyId(3): founder}, data, [1])
    assert other.distance == deviation(newcomer, founder, data, [1])
    assert nearest_registered(newcomer, {}, data, [1]) is None

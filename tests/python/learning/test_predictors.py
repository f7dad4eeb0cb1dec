"""The three predictors on scores small enough to check by hand, and against the naive aggregate."""

from fractions import Fraction

import numpy as np
import slow_calibration
from hypothesis import given, settings
from hypothesis import strategies as st

from bema_py.learning import aggregates
from bema_py.learning.membership import Membership
from bema_py.learning.predictors import accuracy, krum, krum_mean, max_model

ALL = Membership.of([(1, {0, 1}), (2, {0, 1}), (3, {0, 1})])
OUTLIER = np.array([[[30, 60]], [[35, 55]], [[99, 0]]], dtype=np.int64)
"""Two models prefer class 1, the third insists on class 0."""


def test_max_model_follows_the_loudest():
    assert max_model(OUTLIER).tolist() == [0]


def test_krum_predictors_follow_the_many():
    assert krum(OUTLIER, ALL, (2, 3)).tolist() == [1]
    assert krum_mean(OUTLIER, ALL, (2, 3)).tolist() == [1]
    # With all as neighbours the mean listens to everybody: 164/3 against 115/3.
    assert krum_mean(OUTLIER, ALL, (1, 1)).tolist() == [0]


def test_ties_go_to_the_lowest_class():
    flat = np.full((3, 1, 2), 7, dtype=np.int64)
    assert max_model(flat).tolist() == [0]
    assert krum(flat, ALL, (1, 1)).tolist() == [0]
    assert krum_mean(flat, ALL, (1, 1)).tolist() == [0]


def test_only_holders_count():
    only = Membership.of([(1, {1}), (2, {1}), (3, set())])
    assert krum(OUTLIER, only, (1, 1)).tolist() == [1]
    nobody = Membership.of([(1, set()), (2, set()), (3, set())])
    assert krum(OUTLIER, nobody, (1, 1)).tolist() == krum_mean(OUTLIER, nobody, (1, 1)).tolist() == [-1]


@given(
    st.lists(st.frozensets(st.integers(0, 3), min_size=1), min_size=1, max_size=5),
    st.integers(0, 2**32 - 1),
    st.sampled_from([3, 2**24]),
    st.sampled_from([(1, 1), (1, 2)]),
)
@settings(max_examples=150, deadline=None)
def test_agree_with_the_naive_aggregate(held, seed, top, alpha):
    scores = np.random.default_rng(seed).integers(0, top + 1, size=(len(held), 6, 4))
    members = Membership.of(enumerate(held, 1))
    found_krum, found_mean = krum(scores, members, alpha), krum_mean(scores, members, alpha)
    for position in range(6):
        own, mean = naive(scores[:, position].tolist(), held, alpha)
        assert (found_krum[position], found_mean[position]) == (own, mean)


def naive(scores, held, alpha):
    own, mean = {}, {}
    for label in sorted({label for classes in held for label in classes}):
        m, chosen, total, _, _ = slow_calibration.aggregate(scores, held, label, alpha)
        holders = [k for k, classes in enumerate(held) if label in classes]
        own[label], mean[label] = scores[holders[chosen]][label], Fraction(total, m)
    return max(own, key=lambda c: (own[c], -c)), max(mean, key=lambda c: (mean[c], -c))


def test_chunks_change_nothing(monkeypatch):
    scores = np.random.default_rng(1).integers(0, 2**24, size=(3, 23, 2))
    whole = krum(scores, ALL, (2, 3)), krum_mean(scores, ALL, (2, 3))
    monkeypatch.setattr(aggregates, "CHUNK_SAMPLES", 4)
    assert np.array_equal(krum(scores, ALL, (2, 3)), whole[0])
    assert np.array_equal(krum_mean(scores, ALL, (2, 3)), whole[1])


def test_accuracy():
    assert accuracy(np.array([1, 2, 3, 4]), [1, 2, 0, 4]) == 0.75
    assert accuracy(np.array([], dtype=np.int64), []) == 0.0

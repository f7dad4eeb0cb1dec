"""The vectorised Krum aggregate against the naive one, ties included, and Theorem 2's bound."""

import numpy as np
import pytest
import slow_calibration
from hypothesis import given, settings
from hypothesis import strategies as st

from bema_py.learning.krum import krum_aggregate, neighbour_count

ONE = 2**24
alphas = st.tuples(st.integers(1, 9), st.integers(1, 9)).filter(lambda a: a[0] <= a[1])


@st.composite
def columns(draw):
    """Scores of up to 9 holders; few distinct values make ties of every kind."""
    holders = draw(st.integers(1, 9))
    value = draw(
        st.sampled_from([st.integers(0, 4), st.integers(0, ONE), st.sampled_from([0, ONE // 2, ONE])])
    )
    return draw(st.lists(st.lists(value, min_size=holders, max_size=holders), min_size=1, max_size=6))


@given(columns(), alphas)
@settings(max_examples=250, deadline=None)
def test_agrees_with_the_naive_aggregate(samples, alpha):
    m = neighbour_count(len(samples[0]), alpha)
    assert m == slow_calibration.neighbour_count(len(samples[0]), alpha)
    found = krum_aggregate(np.array(samples, dtype=np.int64).T, m)
    for position, values in enumerate(samples):
        mine = (found.chosen, found.total, found.spread, found.distances)
        assert tuple(int(array[position]) for array in mine) == slow_calibration.krum(values, m)


def test_fifty_holders_agree():
    scores = np.random.default_rng(3).integers(0, 40, size=(50, 60))
    found = krum_aggregate(scores, 26)
    for position in range(60):
        expected = slow_calibration.krum(scores[:, position].tolist(), 26)
        assert (found.chosen[position], found.total[position]) == expected[:2]


@pytest.mark.parametrize(
    ("values", "m", "chosen", "total"),
    [
        ([7], 1, 0, 7),
        ([7, 7, 7], 2, 0, 14),
        # Both ends are as near to the middle; the lower id comes first.
        ([5, 3, 1], 2, 0, 8),
        ([1, 3, 5], 2, 0, 4),
        ([9, 3, 1, 5], 2, 1, 4),
        # A row is its own first neighbour even where a lower id has the same score.
        ([2, 9, 2, 9], 1, 0, 2),
        ([0, 100, 101, 102, 255], 3, 2, 303),
    ],
)
def test_ties_and_choices(values, m, chosen, total):
    found = krum_aggregate(np.array(values, dtype=np.int64)[:, None], m)
    assert (int(found.chosen[0]), int(found.total[0])) == (chosen, total)


@pytest.mark.parametrize(
    ("holders", "alpha", "m"),
    [
        (1, (1, 1), 1),
        (3, (2, 3), 2),
        (3, (1, 2), 2),
        (10, (1, 10), 1),
        (10, (11, 100), 2),
        (7, (1, 65536), 1),
    ],
)
def test_neighbour_count_rounds_up(holders, alpha, m):
    assert neighbour_count(holders, alpha) == m


@given(st.data(), st.integers(1, 3), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_malicious_scores_move_the_aggregate_no_further_than_theorem_2_says(data, malicious, margin):
    """2f < m < K: the aggregate leaves the honest range by at most f/m of its width (not strictly)."""
    m = 2 * malicious + margin
    honest = data.draw(st.lists(st.integers(0, ONE), min_size=m + 1, max_size=m + 3))
    bad = data.draw(st.lists(st.integers(0, ONE), min_size=malicious, max_size=malicious))
    values = data.draw(st.permutations(honest + bad))
    total = int(krum_aggregate(np.array(values, dtype=np.int64)[:, None], m).total[0])
    width = max(honest) - min(honest)
    assert m * min(honest) - malicious * width <= total <= m * max(honest) + malicious * width

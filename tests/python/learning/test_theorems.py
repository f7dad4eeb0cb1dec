"""The paper's theorems as properties: what holds, over random and hostile scores, and what fails as printed."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bema_py.learning.krum import krum_aggregate
from bema_py.learning.steps import ENHANCE, IMPAIR, moves
from bema_py.learning.theorems import (
    MarginCheck,
    Slopes,
    check_aggregate,
    corrected_bounds,
    improvement,
    neighbour_rows,
    printed_bounds,
    resists,
)

ONE = 2**24


def column(values):
    return np.array(values, dtype=np.int64)[:, None]


def checked(honest, malicious, neighbours):
    flags = [True] * len(honest) + [False] * len(malicious)
    return check_aggregate(column([*honest, *malicious]), flags, neighbours)


# Theorem 2 (eqs. 16 and 17), Lemma 1


@st.composite
def attacked(draw):
    """Holders' scores in any order of ids, some malicious and free to know the honest ones, with 2f < m < K."""
    malicious = draw(st.integers(0, 3))
    neighbours = draw(st.integers(2 * malicious + 1, 2 * malicious + 4))
    honest = draw(st.integers(neighbours + 1, neighbours + 4))
    value = draw(st.sampled_from([st.integers(0, 3), st.integers(0, 40), st.integers(0, ONE)]))
    good = draw(st.lists(value, min_size=honest, max_size=honest))
    edges = sorted({0, ONE, min(good), max(good), max(0, min(good) - 1), min(ONE, max(good) + 1)})
    near = st.one_of(st.sampled_from(edges), value)
    bad = draw(st.lists(near, min_size=malicious, max_size=malicious))
    order = draw(st.permutations(range(honest + malicious)))
    scores, flags = [*good, *bad], [True] * honest + [False] * malicious
    return column([scores[row] for row in order]), [flags[row] for row in order], neighbours


@given(attacked())
@settings(max_examples=400, deadline=None)
def test_theorem_2_holds_without_its_strictness_and_lemma_1_holds(case):
    scores, honest, neighbours = case
    assert resists(neighbours, sum(honest), len(honest) - sum(honest))
    found = check_aggregate(scores, honest, neighbours)
    assert found.within.all()
    assert found.chosen_inside.all()


@pytest.mark.parametrize(
    ("honest", "malicious", "neighbours", "top"),
    [(4, 1, 3, 4), (5, 1, 4, 3), (5, 1, 3, 3), (6, 2, 5, 2)],
)
def test_theorem_2_and_lemma_1_over_every_set_of_small_scores(honest, malicious, neighbours, top):
    """Every assignment of the scores 0..top, so every tie there is and every order of ids."""
    scores = np.array(list(product(range(top + 1), repeat=honest + malicious)), dtype=np.int64).T
    for place in range(honest + 1):
        flags = [not place <= row < place + malicious for row in range(honest + malicious)]
        found = check_aggregate(scores, flags, neighbours)
        assert found.within.all()
        assert found.chosen_inside.all()


def bound_reached():
    """Honest 0, 0, 1, 1 and malicious 2, m = 3: three sets of neighbours are as tight, and ids decide for 1, 1, 2."""
    return check_aggregate(column([1, 2, 1, 0, 0]), [True, False, True, True, True], 3)


def test_theorem_2_fails_as_printed_because_its_bound_is_reached():
    found = bound_reached()
    assert resists(3, 4, 1)
    assert (found.total[0], found.high[0]) == (4, 4)
    assert found.within.all()
    assert not found.strictly_within.any()


def test_theorem_2_fails_as_printed_where_all_models_agree():
    found = checked([7] * 5, [], 3)
    assert not found.strictly_within.any()
    assert found.within.all()


def test_theorem_2_needs_more_neighbours_than_twice_the_malicious():
    """m = 2f, which Lemma 1's proof allows: the pair at the top is the tightest, and the malicious one comes first."""
    assert not resists(2, 3, 1)
    found = check_aggregate(column([31, 0, 15, 30]), [False, True, True, True], 2)
    assert not found.chosen_inside.any()


def test_theorem_2_says_nothing_where_every_holder_is_a_neighbour():
    """alpha = 1, so m = |S| > K: the aggregate is the mean, and one liar moves it as far as its score reaches."""
    assert not resists(3, 2, 1)
    assert not checked([0, 0], [1], 3).within.any()
    # Five holders are the fewest that withstand one liar.
    assert min(k + 1 for k in range(1, 9) for m in range(1, 9) if resists(m, k, 1)) == 5


# Theorem 3 (eq. 20)


@given(attacked(), attacked())
@settings(max_examples=100, deadline=None)
def test_theorem_3_holds_without_its_strictness(first, second):
    right, wrong = (check_aggregate(*case) for case in (first, second))
    low, rho, high = MarginCheck(right, wrong, first[2], second[2]).bounds(0)
    assert low <= rho <= high


def test_theorem_3_fails_as_printed():
    check = MarginCheck(bound_reached(), checked([5] * 4, [], 3), 3, 3)
    low, rho, high = check.bounds(0)
    assert low < rho == high


# Theorem 1 (eq. 15), on models whose scores are affine in one parameter: h_i = g_i theta_i


def gain(slope, cap):
    """How far a step of size 1 moves the score: along a gradient of norm g, cut to G."""
    return slope * min(slope, cap)


def stepped(scores, slopes, neighbours, sign, cap, *, strict=False):
    """The holders' scores of one class after eq. 11 or 12, by the rule that miners use."""
    aggregate = krum_aggregate(column(scores), neighbours)
    total = int(aggregate.total[0])
    return [
        score + sign * gain(slope, cap)
        if moves(aggregate, 0, score, sign) and not (strict and neighbours * score == total)
        else score
        for score, slope in zip(scores, slopes, strict=True)
    ]


def improved(right, wrong, *, cap, strict=False):
    """Improvement of rho by one sample, (frozen, selected); each side is (scores, slopes, neighbours)."""
    up = improvement(right[0], stepped(*right, ENHANCE, cap, strict=strict), right[2])
    down = improvement(wrong[0], stepped(*wrong, IMPAIR, cap, strict=strict), wrong[2])
    return up.frozen - down.frozen, up.selected - down.selected


def slopes_of(*sides):
    values = [Fraction(slope) for side in sides for slope in side[1]]
    return Slopes(min(values), max(values), max(values))


@st.composite
def sides(draw):
    """One class: its holders' scores, their slopes and m."""
    holders = draw(st.integers(1, 7))
    value = draw(st.sampled_from([st.integers(0, 5), st.integers(0, 500)]))
    scores = draw(st.lists(value, min_size=holders, max_size=holders))
    slopes = draw(st.lists(st.integers(1, 30), min_size=holders, max_size=holders))
    return scores, slopes, draw(st.integers(1, holders))


@given(sides(), sides(), st.integers(1, 40))
@settings(max_examples=400, deadline=None)
def test_theorem_1_holds_with_frozen_neighbours_and_the_scaled_lower_bound(right, wrong, cap):
    frozen, _ = improved(right, wrong, cap=cap)
    neighbours = (right[2], wrong[2])
    low, high = corrected_bounds(Fraction(1), Fraction(cap), neighbours, slopes_of(right, wrong))
    assert 0 < low <= frozen <= high


@given(sides())
def test_the_frozen_neighbours_are_those_that_krum_summed(side):
    scores, _, neighbours = side
    aggregate = krum_aggregate(column(scores), neighbours)
    rows = neighbour_rows(scores, aggregate)
    assert len(set(rows)) == neighbours
    assert sum(scores[row] for row in rows) == aggregate.total[0]


ALONE = ([5], [1], 1)


def bounds(right, wrong, cap):
    """The printed bounds; both classes have one m here, or the larger m, which makes the lower bound the weaker."""
    return printed_bounds(Fraction(1), Fraction(cap), max(right[2], wrong[2]), slopes_of(right, wrong))


def test_theorem_1_fails_as_printed_where_the_cap_shortens_the_step():
    right, wrong = ([5], [10], 1), ([5], [10], 1)
    frozen, selected = improved(right, wrong, cap=1)
    assert frozen == selected == 20
    assert bounds(right, wrong, 1)[0] == 200
    assert corrected_bounds(Fraction(1), Fraction(1), (1, 1), slopes_of(right, wrong))[0] == 20


def test_theorem_1_fails_as_printed_where_krum_chooses_anew_and_the_margin_falls():
    """The lowest model is lifted beside the second, and their pair, below the old aggregate, is now the tightest."""
    right = ([0, 90, 100], [13, 1, 1], 2)
    frozen, selected = improved(right, ALONE, cap=7)
    low, high = bounds(right, ALONE, 7)
    assert low <= frozen <= high
    assert selected < 0 < low


def test_theorem_1_fails_as_printed_where_krum_chooses_anew_and_the_margin_leaps():
    """The lowest model leaves the tightest pair, and the pair far above takes its place."""
    right = ([0, 2, 100, 103], [7, 1, 1, 1], 2)
    frozen, selected = improved(right, ALONE, cap=1)
    low, high = bounds(right, ALONE, 1)
    assert frozen <= high < selected
    assert low > 0


@pytest.mark.parametrize("scores", [[50, 50], [0, 50, 50]])
def test_theorem_1_fails_as_printed_where_strict_inequalities_move_no_neighbour(scores):
    """Neighbours that agree are none of them below their mean: eq. 11 leaves the aggregate where it is."""
    right = (scores, [1] * len(scores), 2)
    assert improved(right, ALONE, cap=1, strict=True)[0] == 0 < bounds(right, ALONE, 1)[0]
    assert improved(right, ALONE, cap=1)[0] > 0


def test_theorem_1_fails_as_printed_where_an_impaired_model_is_convex():
    """Convexity bounds a descent's fall from above, not from below: h = theta^2 at 1, step 1/4."""
    step, theta = Fraction(1, 4), Fraction(1)
    slope = 2 * theta
    risen = step * slope**2  # the enhanced model is affine with the same slope
    fallen = theta**2 - (theta - step * slope) ** 2
    low, _ = printed_bounds(step, Fraction(10), 1, Slopes(slope, slope, slope))
    assert risen + fallen == Fraction(7, 4) < low == 2


def test_theorem_1_fails_as_printed_where_one_model_holds_both_classes():
    """h(y) and h(y-) both rise with the one parameter: enhancing and impairing cancel, and rho stays."""
    step, slope, theta = Fraction(1), Fraction(3), Fraction(2)
    after = theta + step * slope - step * slope
    rho_before, rho_after = (slope * value - slope * value for value in (theta, after))
    low, _ = printed_bounds(step, Fraction(10), 1, Slopes(slope, slope, slope))
    assert rho_after - rho_before == 0 < low

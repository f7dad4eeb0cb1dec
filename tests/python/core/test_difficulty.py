"""Targets follow from chain time alone."""

from hypothesis import given
from hypothesis import strategies as st

from bema_py.core.difficulty import CLAMP, TargetRule, ease, retarget, target_at

RULE = TargetRule(target=1 << 200, maximum=1 << 220, spacing=10, interval=4, patience=2)
TARGETS = st.integers(1, 2**256 - 1)


@given(TARGETS, st.integers(0, 2**40), st.integers(4, 2**64 - 1), TARGETS)
def test_a_period_changes_the_target_at_most_by_four(target, elapsed, expected, maximum):
    found = retarget(target, elapsed, expected, maximum)
    assert 1 <= found <= maximum
    assert found <= target * CLAMP
    # A quarter of the period is cut to whole seconds, hence the further factor of two.
    assert found == maximum or found >= target // (2 * CLAMP)


def test_a_period_in_time_keeps_the_target_and_a_fast_one_lowers_it():
    assert retarget(1000, 40, 40, 2000) == 1000
    assert retarget(1000, 20, 40, 2000) == 500
    assert retarget(1000, 0, 40, 2000) == 250
    assert retarget(1000, 10**9, 40, 2**256 - 1) == 4000
    assert retarget(1000, 80, 40, 1500) == 1500
    assert retarget(1, 0, 40, 2000) == 1


def test_a_target_doubles_with_every_spacing_beyond_the_patience():
    assert [ease(1 << 200, waited, RULE) >> 200 for waited in (0, 29, 30, 39, 40, 59)] == [1, 1, 2, 2, 4, 8]
    assert ease(1 << 200, 2**64, RULE) == RULE.maximum


def test_the_target_changes_at_the_end_of_a_period_only():
    submitted = [5, 10, 15, 20, 25, 30, 35, 40]
    targets = [
        target_at(RULE, 0, submitted[:count], submitted[count - 1] if count else 0) for count in range(9)
    ]
    assert targets == [1 << 200] * 4 + [1 << 199] * 4 + [1 << 198]


def test_time_before_the_tip_eases_nothing():
    assert target_at(RULE, 100, [], 0) == RULE.target
    assert target_at(RULE, 0, [], 30) == 2 * RULE.target

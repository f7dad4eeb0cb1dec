"""Judgements against the naive reading of the protocol, and each verdict by itself."""

import numpy as np
import pytest
import slow_calibration
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import rules

from bema_py.learning import aggregates
from bema_py.learning.margin import Verdict, judge
from bema_py.learning.membership import Member, Membership, MembershipOrderError
from bema_py.learning.scoring import ClassRangeError

ONE = 2**24


def membership(held):
    return Membership.of((party + 1, classes) for party, classes in enumerate(held))


@st.composite
def cases(draw):
    """Held classes of up to 6 members over 4 classes, and scores of some samples, with many ties."""
    members = draw(st.integers(1, 6))
    held = [draw(st.frozensets(st.integers(0, 3))) for _ in range(members)]
    value = draw(st.sampled_from([st.integers(0, 3), st.integers(0, ONE)]))
    count = draw(st.integers(1, 5))
    flat = draw(st.lists(value, min_size=members * count * 4, max_size=members * count * 4))
    labels = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    return held, np.array(flat, dtype=np.int64).reshape(members, count, 4), labels


@given(
    cases(),
    st.sampled_from([(1, 1), (1, 2), (2, 3), (1, 6)]),
    st.sampled_from(["largest", "literal"]),
    st.sampled_from([0, 2, ONE // 2]),
    st.sampled_from([0, 1, ONE // 4, ONE]),
)
@settings(max_examples=200, deadline=None)
def test_agrees_with_the_naive_judgement(case, alpha, wrong_class, delta, sigma):
    held, scores, labels = case
    how = rules(alpha=alpha, wrong_class=wrong_class, delta=delta, sigma=sigma)
    for position, found in enumerate(judge(scores, labels, membership(held), how)):
        expected = slow_calibration.judge(scores[:, position].tolist(), labels[position], held, how)
        mine = (found.wrong_label, found.sum_a, found.m_a, found.sum_b, found.m_b, found.spread, found.valid)
        assert mine == expected


def judged(scores, held, label=0, **changes):
    """The judgement of one sample whose k-th member scores `scores[k]`."""
    return judge(np.array(scores, dtype=np.int64)[:, None], [label], membership(held), rules(**changes))[0]


BOTH = [{0, 1}, {0, 1}]


@pytest.mark.parametrize(
    ("scores", "held", "changes", "verdict"),
    [
        ([[60, 70, 0, 0], [60, 70, 0, 0]], BOTH, {"delta": 60, "sigma": 0}, Verdict.VALID),
        ([[60, 60, 0, 0], [60, 60, 0, 0]], BOTH, {"delta": 60}, Verdict.VALID),
        ([[60, 59, 0, 0], [60, 60, 0, 0]], BOTH, {"delta": 60}, Verdict.MARGIN_POSITIVE),
        ([[60, 70, 0, 0], [59, 70, 0, 0]], BOTH, {"delta": 60}, Verdict.BELOW_DELTA),
        ([[60, 70, 0, 0], [62, 70, 0, 0]], BOTH, {"delta": 60, "sigma": 0}, Verdict.ABOVE_SIGMA),
        ([[60, 70, 0, 0], [62, 70, 0, 0]], BOTH, {"delta": 60, "sigma": 1}, Verdict.VALID),
        ([[60, 70, 0, 0], [62, 70, 0, 0]], [{1}, {1, 2}], {}, Verdict.NO_HOLDERS),
        ([[60, 70, 0, 0], [62, 70, 0, 0]], [{0}, {0}], {}, Verdict.NO_WRONG_CLASS),
    ],
)
def test_verdicts(scores, held, changes, verdict):
    assert judged(scores, held, **changes).verdict is verdict


def test_wrong_class_is_the_largest_aggregate_or_literally_the_most_agreed():
    scores = [[50, 80, 3, 0], [50, 90, 3, 0]]
    held = [{0, 1, 2}, {0, 1, 2}]
    assert judged(scores, held).wrong_label == 1
    assert judged(scores, held, wrong_class="literal").wrong_label == 2


def test_wrong_class_ties_go_to_the_lowest():
    held = [{0, 1, 2, 3}, {0, 2, 3}]
    # Class 1 has one holder with 40, class 2 two holders with 80 together: the means are equal.
    assert judged([[0, 40, 40, 7], [0, 0, 40, 7]], held).wrong_label == 1
    assert judged([[0, 0, 0, 0], [0, 0, 0, 0]], held).wrong_label == 1
    assert judged([[0, 0, 0, 0], [0, 0, 0, 0]], held, label=1).wrong_label == 0


def test_chunks_change_nothing(monkeypatch):
    scores = np.random.default_rng(5).integers(0, ONE, size=(5, 37, 4))
    labels = np.random.default_rng(6).integers(0, 4, size=37)
    members = membership([{0, 1}, {1, 2}, {2, 3}, {3, 0}, {0, 1, 2, 3}])
    whole = judge(scores, labels, members, rules())
    monkeypatch.setattr(aggregates, "CHUNK_SAMPLES", 5)
    assert judge(scores, labels, members, rules()) == whole


def test_labels_and_order_are_checked():
    with pytest.raises(ClassRangeError) as error:
        judged([[0, 0, 0, 0]], [{0}], label=4)
    assert (error.value.label, error.value.classes) == (4, 4)
    with pytest.raises(MembershipOrderError):
        Membership((Member(2, frozenset()), Member(2, frozenset())))

"""The sieve decides as the judge does, whatever the scores are, and asks fewer models."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bema_py.core.architecture import linear
from bema_py.core.types import PartyId
from bema_py.experiments.methods import PAPER_RULES
from bema_py.learning.arithmetic import ONE
from bema_py.learning.margin import judge
from bema_py.learning.membership import Membership
from bema_py.learning.sieve import Sieve

CLASSES = 4
RULES = replace(PAPER_RULES, classes=CLASSES)
MODEL = SimpleNamespace(architecture=linear(CLASSES + 1))


class TableSieve(Sieve):
    """A sieve over a table of scores; image number n is the byte n."""

    def scores(self, positions, images):
        self.asked = getattr(self, "asked", 0) + len(positions) * len(images)
        return self.table[list(positions)][:, images[:, 0, 0, 0]]


def sieve_over(table, membership, rules):
    sieve = TableSieve([MODEL] * len(table), membership, rules)
    sieve.table = table
    return sieve


def images(count):
    return np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1)


@st.composite
def questions(draw):
    """Scores that often tie and often lie on a bound, with members, labels and rules of all kinds."""
    members = draw(st.integers(1, 7))
    held = [draw(st.sets(st.integers(0, CLASSES - 1), min_size=1)) for _ in range(members)]
    membership = Membership.of([(PartyId(n + 1), classes) for n, classes in enumerate(held)])
    samples = draw(st.integers(1, 12))
    bounds = [0, ONE // 3, ONE // 2, ONE // 2 + 1, 3 * ONE // 4, ONE]
    cells = st.sampled_from(bounds) | st.integers(0, ONE)
    flat = draw(st.lists(cells, min_size=members * samples * CLASSES, max_size=members * samples * CLASSES))
    table = np.array(flat, dtype=np.int64).reshape(members, samples, CLASSES)
    labels = np.array(draw(st.lists(st.integers(0, CLASSES - 1), min_size=samples, max_size=samples)))
    rules = replace(
        RULES,
        alpha=draw(st.sampled_from([(1, 1), (2, 3), (1, 3)])),
        delta=draw(st.sampled_from([0, ONE // 3, ONE // 2])),
        sigma=draw(st.sampled_from([ONE // 5, ONE // 2, ONE])),
        tau=draw(st.sampled_from([0, ONE // 4, ONE])),
        wrong_class=draw(st.sampled_from(["largest", "literal"])),
    )
    return table, labels, membership, rules


# A machine that has other work draws large tables slowly.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_decides_as_the_judge_does(question):
    table, labels, membership, rules = question
    judged = [judgement.valid for judgement in judge(table, labels, membership, rules)]
    assert sieve_over(table, membership, rules).valid(images(len(labels)), labels).tolist() == judged


def sure_table(members, samples, label, score=ONE):
    """Every model that scores at all is sure of this class."""
    table = np.zeros((members, samples, CLASSES), dtype=np.int64)
    table[:, :, label] = score
    return table


def windows(members):
    return Membership.of([(PartyId(n + 1), {n % CLASSES, (n + 1) % CLASSES}) for n in range(members)])


def test_asks_few_models_about_what_all_are_sure_of():
    sieve = sieve_over(sure_table(40, 10, 0), windows(40), RULES)
    assert not sieve.valid(images(10), np.zeros(10, dtype=np.int64)).any()
    # One holder of class 0 says that its aggregate is .8 at least if it passes eq. 10. Five holders of each other class
    # say that theirs is .75 at most: five who hold classes 1 or 2 with it, and five others who hold class 3.
    assert sieve.asked == 10 * 10


def test_asks_all_holders_where_not_all_of_them_count():
    sieve = sieve_over(sure_table(40, 10, 0), windows(40), replace(RULES, alpha=(19, 20), delta=0))
    assert not sieve.valid(images(10), np.zeros(10, dtype=np.int64)).any()
    # Eq. 10 binds only those who count. Ten of the twenty hold class 1 with it, ten class 3; two more hold class 2.
    assert sieve.asked == 22 * 10


@pytest.mark.parametrize(("first", "asked"), [(ONE // 4, 10), (ONE // 2, 26)])
def test_asks_the_other_holders_about_what_the_first_is_unsure_of(first, asked):
    """At a quarter it is refused at once: with sigma = .2 the aggregate is .45 at most, below delta."""
    sieve = sieve_over(sure_table(40, 10, 0, first), windows(40), RULES)
    assert not sieve.valid(images(10), np.zeros(10, dtype=np.int64)).any()
    assert sieve.asked == asked * 10


def test_asks_holders_alone_where_no_margin_is_too_large():
    sieve = sieve_over(sure_table(40, 10, 0), windows(40), replace(RULES, tau=ONE))
    assert sieve.valid(images(10), np.zeros(10, dtype=np.int64)).all()
    assert sieve.asked == 20 * 10


@pytest.mark.parametrize("tau", [0, ONE])
def test_nothing_is_valid_without_holders_or_without_another_class(tau):
    rules = replace(RULES, tau=tau)
    alone = Membership.of([(PartyId(1), {0})])
    table = sure_table(1, 2, 0)
    for label in (0, 1):
        assert not sieve_over(table, alone, rules).valid(images(2), np.full(2, label)).any()

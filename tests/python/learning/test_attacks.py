"""The attacks do what they claim, and the checks see what they should."""

import numpy as np
import pytest

from bema_py.core.architecture import lenet4
from bema_py.core.rules import Rules
from bema_py.core.types import PartyId
from bema_py.learning.attacks import BogusSample, SwapError, bogus_samples, random_model, swapped_labels
from bema_py.learning.datasets import Dataset
from bema_py.learning.margin import judge
from bema_py.learning.membership import Membership

ONE = 2**24
RULES = Rules(
    classes=3,
    input=(1, 28, 28),
    alpha=(1, 1),
    delta=ONE * 6 // 10,
    sigma=ONE * 2 // 10,
    step_initial=2**21,
    step_decay=2**30,
    step_minimum=0,
    cap=2**18,
    mode="log",
    wrong_class="largest",
    round_size=20,
    max_samples=200,
    max_batch_samples=64,
    block_reward=0,
    sample_reward=0,
)
EVERYONE = Membership.of([(PartyId(1), [0, 1, 2]), (PartyId(2), [0, 1, 2])])


def scores(*rows):
    """Both members give the same scores; rows in percent."""
    one = np.array(rows, dtype=np.int64) * ONE // 100
    return np.stack([one, one])


def test_swapping_gives_every_class_another_label():
    labels = np.array([3, 5, 7, 3, 5, 7, 7], np.uint8)
    data = Dataset(np.zeros((7, 1, 28, 28), np.uint8), labels)
    for seed in range(8):
        swapped = swapped_labels(data, seed)
        assert (swapped.labels != labels).all()
        pairs = set(zip(labels.tolist(), swapped.labels.tolist(), strict=True))
        assert len(pairs) == 3
        assert {new for _, new in pairs} == {3, 5, 7}
        assert swapped.images is data.images
    assert np.array_equal(swapped_labels(data, 1).labels, swapped_labels(data, 1).labels)
    with pytest.raises(SwapError, match=r"\[3\] cannot be swapped"):
        swapped_labels(data.of_classes([3]), 1)


def test_bogus_samples_claim_the_wrong_class_of_what_is_right():
    given = scores([90, 5, 5], [20, 10, 70], [40, 60, 0], [50, 50, 0])
    found = bogus_samples(given, [0, 2, 0, 0], EVERYONE, RULES)
    # The third is judged wrong by the models and the fourth has margin 0: neither is bogus when claimed otherwise.
    assert found == (BogusSample(0, 1), BogusSample(1, 0))
    claimed = judge(given[:, :2], [sample.claimed for sample in found], EVERYONE, RULES)
    assert all(judgement.margin < 0 for judgement in claimed)


def test_pre_checked_samples_pass_every_rule():
    # Members may score several classes highly, each for itself; only then does a false claim reach delta.
    given = scores([90, 70, 5], [90, 5, 5], [95, 61, 60])
    found = bogus_samples(given, [0, 0, 0], EVERYONE, RULES, pre_checked=True)
    assert found == (BogusSample(0, 1), BogusSample(2, 1))
    assert bogus_samples(given[:, :0], [], EVERYONE, RULES, pre_checked=True) == ()


def test_random_models_repeat_by_seed():
    first, again, other = (random_model(lenet4(11), range(10), seed) for seed in (1, 1, 2))
    assert first.sha256() == again.sha256() != other.sha256()
    assert first.classes == tuple(range(10))

"""The theorems over a real run: trained models, real digits, the block's own steps."""

from dataclasses import replace

import numpy as np
import pytest
from strategies import rules

from bema_py.core.types import Digest, SampleId
from bema_py.learning.attacks import swapped_labels
from bema_py.learning.calibration import calibrate_block
from bema_py.learning.candidates import CandidateSample
from bema_py.learning.cases import deal_case
from bema_py.learning.datasets import load_digits_dataset
from bema_py.learning.krum import krum_aggregate
from bema_py.learning.membership import Membership
from bema_py.learning.parties import TrainingJob, train_all
from bema_py.learning.partition import CasePlan, PartyPlan
from bema_py.learning.recipe import Recipe
from bema_py.learning.scoring import class_scores
from bema_py.learning.theorems import MarginCheck, check_aggregate, improvement, resists

ALL = tuple(range(10))


@pytest.fixture(scope="module")
def run():
    """Seven honest linear models and one trained on swapped labels, all of all digits; m = 4."""
    digits = load_digits_dataset()
    case = deal_case("eight", CasePlan(10, (PartyPlan(ALL, "linear", True),) * 8), digits, 1)
    shares = [party.private for party in case.parties]
    shares[5] = swapped_labels(shares[5], 3)
    jobs = [
        TrainingJob(replace(party, private=share), None, number, Recipe(100))
        for number, (party, share) in enumerate(zip(case.parties, shares, strict=True))
    ]
    return list(train_all(jobs)), digits.test


HONEST = [number != 5 for number in range(8)]
NEIGHBOURS = 4


def test_the_bounds_hold_on_every_digit_and_class_of_a_real_run(run):
    models, test = run
    scores = class_scores(models, test.images, 10)
    assert resists(NEIGHBOURS, 7, 1)
    checks = [check_aggregate(np.ascontiguousarray(scores[:, :, label]), HONEST, NEIGHBOURS) for label in ALL]
    assert all(check.within.all() and check.chosen_inside.all() for check in checks)
    # The liar is heard: where it lies outside the honest range the aggregate is another one without it.
    alone = krum_aggregate(np.ascontiguousarray(scores[:, :, 3][HONEST]), NEIGHBOURS)
    assert (alone.total != checks[3].total).any()
    for sample, label in enumerate(test.labels):
        for wrong in ALL:
            if wrong != label:
                low, rho, high = MarginCheck(checks[label], checks[wrong], NEIGHBOURS, NEIGHBOURS).bounds(
                    sample
                )
                assert low <= rho <= high


@pytest.mark.parametrize("step_size", [2**20, 2**25])
def test_calibration_by_one_sample_improves_the_margin_of_frozen_neighbours(run, step_size):
    """Real steps, by the block's own function; every model holds both classes, which the theorem leaves out."""
    models, test = run
    members = Membership.of((number + 1, ALL) for number in range(8))
    how = rules(
        classes=10,
        input=(1, 28, 28),
        alpha=(1, 2),
        delta=0,
        step_initial=step_size,
        max_samples=1,
        round_size=1,
    )
    parents = {number + 1: model for number, model in enumerate(models)}
    found = []
    for image, label in zip(test.images, test.labels, strict=True):
        sample = CandidateSample(SampleId(bytes(32)), Digest(bytes(32)), image.tobytes(), int(label))
        block = calibrate_block(parents, members, [sample], how, 1)
        if block.used:
            pair = (int(label), block.used[0].wrong_label)
            found.append(margin_improvement(parents, block.models, image, pair))
    assert len(found) >= 10
    assert all(frozen > 0 for frozen, _ in found)


def margin_improvement(parents, models, image, pair):
    """Improvement of rho on one image, (frozen, selected)."""
    before, after = (class_scores(list(m.values()), image[None], 10)[:, 0] for m in (parents, models))
    up, down = (improvement(before[:, c].tolist(), after[:, c].tolist(), NEIGHBOURS) for c in pair)
    return up.frozen - down.frozen, up.selected - down.selected

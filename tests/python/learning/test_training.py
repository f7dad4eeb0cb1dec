"""A party's own training: the same for the same seed, whatever else the machine does."""

import numpy as np
import pytest
import torch

from bema_py.core.architecture import ARCHITECTURES
from bema_py.learning.augmentation import distort, scramble
from bema_py.learning.baselines import centralised_party
from bema_py.learning.cases import build_case
from bema_py.learning.datasets import Dataset, DatasetSizeError, SplitDataset, load_digits_dataset
from bema_py.learning.float_net import float_logits
from bema_py.learning.parties import TrainingJob, party_seed, train_all
from bema_py.learning.predictors import accuracy, max_model
from bema_py.learning.recipe import Distortion, Recipe
from bema_py.learning.sampling import BalancedSampler
from bema_py.learning.scoring import class_scores
from bema_py.learning.training import train_local

SHORT = Recipe(6, batch_size=8)
STILL = Distortion(rotation=0, zoom=0, shear=0, shift=0, elastic=0)


@pytest.fixture(scope="module")
def digits():
    return load_digits_dataset()


@pytest.fixture(scope="module")
def case(digits):
    return build_case("D", digits, 1)


def hashes(models):
    return [model.sha256() for model in models]


def test_workers_and_threads_change_nothing(case):
    jobs = [TrainingJob(party, case.public, party_seed(3, i), SHORT) for i, party in enumerate(case.parties)]
    two = list(train_all(jobs, workers=2))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        one = list(train_all(jobs, workers=1))
    finally:
        torch.set_num_threads(before)
    assert hashes(one) == hashes(two)
    assert len(set(hashes(one))) == 10
    assert jobs[4].run().sha256() == one[4].sha256()


def test_training_leaves_torch_as_it_was(case):
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    threads = torch.get_num_threads()
    TrainingJob(case.parties[0], case.public, 1, SHORT).run()
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled()


def test_seeds_differ_by_party_and_run():
    seeds = {party_seed(seed, party) for seed in range(20) for party in range(50)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_an_error_in_the_progress_stops_every_worker(case, workers):
    calls = []
    long = Recipe(100_000, batch_size=8)
    jobs = [TrainingJob(party, case.public, 1, long) for party in case.parties]

    def stop(party, done, total):
        assert total == 100_000
        calls.append((party, done))
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(train_all(jobs, workers=workers, progress=stop))
    assert {party for party, _ in calls} <= set(range(workers))


def test_the_error_of_a_later_job_ends_the_earlier_ones(case):
    def stop(party, done, _total):
        if (party, done) == (1, 3):
            raise KeyboardInterrupt("the second job")

    jobs = [TrainingJob(party, case.public, 1, Recipe(100_000, batch_size=8)) for party in case.parties]
    with pytest.raises(KeyboardInterrupt, match="the second job"):
        list(train_all(jobs, workers=2, progress=stop))


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_float_twin_agrees_with_the_exact_scores(digits, name):
    architecture = ARCHITECTURES[name](11)
    model = train_local(architecture, range(10), digits.training, None, 1, Recipe(40))
    images = digits.test.images[:50]
    flat = torch.cat([torch.from_numpy(part.ravel() / 2**28).float() for part in model.theta])
    logits = float_logits(architecture, flat, torch.tensor(images).float() / 256)
    expected = torch.softmax(logits.double(), 1)[:, :10].numpy()
    exact = class_scores([model], images, 10)[0] / 2**24
    assert np.abs(exact - expected).max() < 1e-4


def test_a_party_learns(digits, case):
    model = TrainingJob(case.parties[0], case.public, 1, Recipe(250)).run()
    predictions = max_model(class_scores([model], digits.test.images, 10))
    assert accuracy(predictions, digits.test.labels) > 0.85
    assert max(np.abs(part).max() for part in model.theta) < 2**30


def test_the_reserved_output_answers_to_scrambled_images(digits):
    case = build_case("C", digits, 1)
    party = case.parties[0]
    model = TrainingJob(party, None, 1, Recipe(300, reserved_share=0.3)).run()
    own = digits.test.of_classes(party.held)
    pixels = torch.tensor(own.images).float()
    mixed = scramble(pixels, torch.Generator().manual_seed(1)).to(torch.uint8).numpy()
    clear = class_scores([model], own.images, 10)[0].sum(axis=1).mean()
    vague = class_scores([model], mixed, 10)[0].sum(axis=1).mean()
    assert vague < clear / 2


def test_centralised_training_sees_every_class(digits):
    model = TrainingJob(centralised_party(digits), None, 1, SHORT).run()
    assert model.classes == tuple(range(10))
    copy = SplitDataset("copy", digits.training, digits.test.select([0]), 0)
    again = TrainingJob(centralised_party(copy), None, 1, SHORT).run()
    assert again.sha256() == model.sha256()


def labelled(counts):
    """Images whose first pixel in the middle tells their class."""
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.uint8)
    images = np.zeros((len(labels), 1, 28, 28), np.uint8)
    images[:] = (labels * 20 + 10)[:, None, None, None]
    return Dataset(images, labels)


def draw(private, public, *, label_space=range(4), weight=1.0, reserved=0.0, size=4000):
    generator = torch.Generator().manual_seed(1)
    sampler = BalancedSampler(
        label_space, private, public, held_weight=weight, reserved_share=reserved, generator=generator
    )
    images, outputs = sampler.draw(size, STILL)
    return (images[:, 0, 14, 14] * 256).round().long(), outputs


def test_classes_are_drawn_equally_whatever_their_numbers():
    pixels, outputs = draw(labelled([500, 0, 3, 0]), labelled([10, 10, 10, 10]))
    assert torch.equal(pixels, outputs * 20 + 10)
    counts = torch.bincount(outputs, minlength=4).tolist()
    assert all(900 < count < 1100 for count in counts)


def test_held_classes_are_drawn_more_often_by_their_weight():
    _, outputs = draw(labelled([500, 0, 3, 0]), labelled([10, 10, 10, 10]), weight=4.0)
    counts = torch.bincount(outputs, minlength=4).tolist()
    assert all(1450 < counts[held] < 1750 and 330 < counts[held + 1] < 470 for held in (0, 2))


def test_samples_of_other_classes_train_the_reserved_output():
    pixels, outputs = draw(
        labelled([500, 500]), labelled([10, 10, 10, 10]), label_space=(0, 1), reserved=0.25
    )
    assert (outputs == 2).sum() == 1000
    assert set(pixels[outputs == 2].tolist()) == {50, 70}


def test_a_class_without_samples_is_refused():
    with pytest.raises(DatasetSizeError, match="training needs 1 samples of class 3"):
        draw(labelled([5, 5, 5]), None)


def test_no_distortion_is_the_identity_and_distortions_repeat():
    images = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    still = distort(images, STILL, torch.Generator().manual_seed(3))
    assert torch.allclose(still, images, atol=1e-5)
    assert distort(images, None, torch.Generator()) is images
    first, again = (distort(images, Distortion(), torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, images, atol=0.1)


def test_scrambling_moves_every_quadrant_to_another_place():
    images = torch.zeros(40, 1, 4, 4)
    for place, (y, x) in enumerate([(0, 0), (0, 2), (2, 0), (2, 2)]):
        images[:, :, y : y + 2, x : x + 2] = place
    mixed = scramble(images, torch.Generator().manual_seed(1))
    assert mixed.shape == images.shape
    assert (mixed != images).all()

import numpy as np
import pytest

from bema_py.core.architecture import ARCHITECTURES
from bema_py.experiments.methods import PAPER_RULES
from bema_py.learning.attacks import random_model
from bema_py.learning.cases import CaseParty
from bema_py.learning.datasets import Dataset
from bema_py.learning.fedavg import UnlikeModelsError, federated_averaging
from bema_py.learning.hmr import hmr_bogus, margins, received_samples, step_on_both
from bema_py.learning.recipe import Recipe
from bema_py.learning.scoring import class_scores
from bema_py.learning.widening import widen

CLASSES = 10


@pytest.fixture
def models():
    spaces = [(0, 1, 2, 3), (2, 3, 4, 5), (0, 6, 7, 8, 9)]
    return [
        random_model(ARCHITECTURES[name](len(space) + 1), space, seed)
        for seed, (name, space) in enumerate(zip(("linear", "lenet4", "mlp"), spaces, strict=True))
    ]


@pytest.fixture
def images():
    return np.random.default_rng(5).integers(0, 256, (12, 1, 28, 28), dtype=np.uint8)


def test_margins_follow_definition_2(models, images):
    scores = class_scores(models, images, CLASSES)
    labels = np.arange(12) % CLASSES
    found = margins(scores, labels)
    for sample, label in enumerate(labels.tolist()):
        own = max(int(model[sample, label]) for model in scores)
        wrong = [(int(model[sample, c]), c) for model in scores for c in range(CLASSES) if c != label]
        best = max(value for value, _ in wrong)
        assert found.rho[sample] == own - best
        assert found.wrong[sample] == min(c for value, c in wrong if value == best)
        assert scores[found.a[sample], sample, label] == own
        assert scores[found.b[sample], sample, found.wrong[sample]] == best


def test_a_step_raises_h_a_and_lowers_h_b(models, images):
    labels = np.array([4])
    before = class_scores(models, images[:1], CLASSES)
    found = margins(before, labels)
    after = class_scores(step_on_both(models, images[:1], labels, PAPER_RULES, 2**22), images[:1], CLASSES)
    a, b, wrong = int(found.a[0]), int(found.b[0]), int(found.wrong[0])
    assert a != b
    assert after[a, 0, 4] > before[a, 0, 4]
    assert after[b, 0, wrong] < before[b, 0, wrong]
    untouched = ({0, 1, 2} - {a, b}).pop()
    assert np.array_equal(after[untouched], before[untouched])


def test_a_bogus_claim_turns_the_margin(models, images):
    scores = class_scores(models, images, CLASSES)
    labels = scores.max(axis=0).argmax(axis=1)
    bogus = hmr_bogus(scores, labels)
    assert len(bogus) == len(images)
    claimed = np.array([sample.claimed for sample in bogus])
    assert margins(scores, claimed).valid.all()


def test_a_model_that_does_not_score_the_class_learns_none_of_mine(models, images):
    scores = class_scores(models, images, CLASSES)
    labels = np.full(12, 4)
    found = margins(scores, labels)
    for member, received in received_samples(found, labels, models).items():
        classes = models[member].classes
        expected = classes.index(4) if 4 in classes else len(classes)
        assert {output for _, output in received} == {expected}


def test_widening_keeps_the_scores_and_shares_the_rest(models, images):
    for model in models:
        wide = widen(model, range(CLASSES))
        assert wide.classes == tuple(range(CLASSES))
        before, after = (class_scores([one], images, CLASSES)[0] for one in (model, wide))
        known = list(model.classes)
        assert np.abs(after[:, known] - before[:, known]).max() < 2**24 / 10_000
        assert (after.sum(axis=1) >= before.sum(axis=1)).all()
        new = [label for label in range(CLASSES) if label not in known]
        assert (after[:, new] == after[:, new[:1]]).all()
    assert widen(models[0], models[0].classes) is models[0]


def party(labels, architecture="linear"):
    images = np.zeros((len(labels), 1, 28, 28), dtype=np.uint8)
    images[np.arange(len(labels)), 0, 0, np.array(labels)] = 255
    data = Dataset(images, np.array(labels, dtype=np.uint8))
    held = tuple(sorted(set(labels)))
    return CaseParty(data, held, held, architecture, original=True)


@pytest.mark.parametrize("classes", [3, CLASSES])
def test_fedavg_of_one_party_is_its_own_training_and_learns(classes):
    rounds = federated_averaging([party([0, 1, 2] * 5)], classes, 1, Recipe(30))
    first, second = next(rounds), next(rounds)
    assert first.classes == tuple(range(classes))
    images, labels = party([0, 1, 2]).private.images, np.array([0, 1, 2])
    scores = [
        class_scores([model], images, CLASSES)[0][np.arange(3), labels].mean() for model in (first, second)
    ]
    assert scores[1] > scores[0]


def test_fedavg_refuses_unlike_models():
    with pytest.raises(UnlikeModelsError, match="linear, mlp"):
        next(federated_averaging([party([0, 1]), party([1, 2], "mlp")], 10, 1, Recipe(1)))

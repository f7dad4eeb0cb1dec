"""Every kind of model: the fast path against the slow reference, and training by each loss."""

import numpy as np
import pytest
import slow_reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import caps, models, pictures, step_sizes
from vector_models import plain

from bema_py.core.architecture import ARCHITECTURES
from bema_py.learning.augmentation import shuffle_features
from bema_py.learning.cases import CaseParty
from bema_py.learning.datasets import Dataset, load_digits_dataset
from bema_py.learning.kinds import KINDS, UnknownKindError, find_kind
from bema_py.learning.parties import TrainingJob
from bema_py.learning.predictors import accuracy, max_model
from bema_py.learning.recipe import Distortion, Recipe, suited
from bema_py.learning.rounds import calibrate_round, round_activations
from bema_py.learning.sampling import BalancedSampler
from bema_py.learning.scoring import class_scores
from bema_py.learning.stack import stack_models, unstack
from bema_py.learning.step import Step, StepSettings
from bema_py.learning.training import HINGE_MARGIN, hinge

SMALL = (1, 12, 12)
TABLE = (1, 1, 7)
DECLARED = 'input = [1, 1, 7]\nlayers = [{ linear = 5 }, "relu", { linear = 3 }]\nloss = "hinge"'
SHAPES = [(name, SMALL) for name in KINDS] + [(name, TABLE) for name in ("mlp", "linear", "svm", "declared")]


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    path = tmp_path_factory.mktemp("declared") / "declared.toml"
    path.write_text(DECLARED)
    return lambda name, shape: find_kind(str(path) if name == "declared" else name).build(4, shape)


@pytest.mark.parametrize(("name", "shape"), SHAPES)
def test_scores_and_rounds_agree_with_the_slow_reference(build, name, shape):
    """The named kinds on small inputs: their very layers, so that nothing but Python integers can follow."""
    architecture = build(name, shape)

    @given(
        models(architecture),
        pictures(shape, 2),
        st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.sampled_from([1, -1])), max_size=2),
        step_sizes,
        caps,
        st.sampled_from(["log", "h"]),
    )
    @settings(max_examples=4, deadline=None)
    def agree(model, images, steps, step_size, cap, mode):
        found = class_scores([model], images, 4)[0, :, :3]
        expected = [slow_reference.scores(architecture, plain(model), x)[:-1] for x in images.tolist()]
        assert found.tolist() == expected
        how = StepSettings(step_size, cap, mode == "h")
        stack = stack_models([model])
        taken = [[Step(*s) for s in steps]]
        after = unstack(calibrate_round(stack, round_activations(stack, images), taken, how))[0]
        slow = slow_reference.updated(
            architecture, plain(model), images.tolist(), steps, step_size, cap, mode
        )
        assert plain(after) == slow

    agree()


def test_the_svm_scores_as_linear_softmax_and_trains_otherwise():
    assert KINDS["svm"].build(11) == ARCHITECTURES["linear"](11)
    digits = load_digits_dataset()
    share = digits.training.of_classes([0, 1, 2])
    first, second = (
        TrainingJob(CaseParty(share, (0, 1, 2), (0, 1, 2), kind, True), None, 1, Recipe(50)).run()
        for kind in ("linear", "svm")
    )
    assert first.architecture == second.architecture
    assert first.sha256() != second.sha256()


def test_the_hinge_loss_is_zero_where_the_right_output_leads_by_the_margin():
    logits = torch.tensor([[HINGE_MARGIN, 0.0, 0.0], [HINGE_MARGIN - 1, 0.0, -9.0]])
    outputs = torch.tensor([0, 0])
    losses = [float(hinge(row[None], label[None], 0.0)) for row, label in zip(logits, outputs, strict=True)]
    # One of the other two outputs is 1 too near; torch divides by the number of outputs.
    assert losses == pytest.approx([0.0, 1 / 3])
    assert float(hinge(logits, outputs, 0.0)) == pytest.approx(1 / 6)


def test_an_svm_learns_digits_and_has_a_reserved_output():
    digits = load_digits_dataset()
    held = (0, 3, 6, 9)
    party = CaseParty(digits.training.of_classes(held), held, held, "svm", True)
    model = TrainingJob(party, None, 1, Recipe(400, reserved_share=0.2)).run()
    assert model.architecture.outputs == 5
    own = digits.test.of_classes(held)
    scores = class_scores([model], own.images, 10)
    assert accuracy(max_model(scores), own.labels) > 0.93
    # What a softmax needs to pass delta = 0.6: the margin makes most right scores clear it.
    right = scores[0, np.arange(len(own)), own.labels]
    assert (right > 0.6 * 2**24).mean() > 0.6


def two_clouds(count):
    """A table of two classes: feature 0 tells them apart, the others are noise."""
    rng = np.random.default_rng(4)
    labels = np.arange(count) % 2
    rows = rng.integers(0, 256, size=(count, 1, 1, 7))
    rows[:, 0, 0, 0] = 60 + 120 * labels + rng.integers(-20, 20, size=count)
    return Dataset(rows.astype(np.uint8), labels.astype(np.uint8))


@pytest.mark.parametrize("name", ["mlp", "linear", "svm"])
def test_kinds_learn_a_table(name):
    party = CaseParty(two_clouds(300), (0, 1), (0, 1), name, True)
    model = TrainingJob(party, None, 1, suited(Recipe(400), party.private)).run()
    assert model.architecture.input == TABLE
    unseen = two_clouds(800).select(range(300, 800))
    assert accuracy(max_model(class_scores([model], unseen.images, 2)), unseen.labels) > 0.95


def test_a_tables_rows_are_not_distorted():
    data = two_clouds(60)
    known = {row.tobytes() for row in data.images}
    sampler = BalancedSampler(
        (0, 1), data, None, held_weight=1.0, reserved_share=0.0, generator=torch.Generator().manual_seed(1)
    )
    rows, _ = sampler.draw(100, Distortion())
    assert {(row * 256).to(torch.uint8).numpy().tobytes() for row in rows} <= known


def test_shuffled_features_keep_every_column_and_mix_the_rows():
    rows = torch.arange(40 * 5).view(40, 1, 1, 5).float()
    mixed = shuffle_features(rows, torch.Generator().manual_seed(1))
    assert torch.equal(mixed.sort(dim=0).values, rows)
    together = (mixed[:, 0, 0, 0] // 5 == mixed[:, 0, 0, 1] // 5).float().mean()
    assert together < 0.2


def test_unknown_kinds_are_refused_with_the_choices():
    with pytest.raises(
        UnknownKindError, match=r"no kind of model 'cnn', choose one of lenet5, .*svm or a file"
    ):
        find_kind("cnn")

"""The fast path and the slow reference agree on random small models, also in saturation."""

import numpy as np
import pytest
import slow_reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import architectures, caps, models, pictures, step_sizes
from vector_models import plain

from bema_py.learning import chunks
from bema_py.learning.rounds import RoundSizeError, calibrate_round, round_activations, step_table
from bema_py.learning.scoring import class_scores
from bema_py.learning.softmax import probabilities
from bema_py.learning.stack import stack_models, unstack
from bema_py.learning.step import Step, StepSettings


@st.composite
def rounds(draw):
    """Two models of one architecture, images and a list of steps for each model."""
    architecture = draw(architectures())
    pair = [draw(models(architecture)) for _ in range(2)]
    images = draw(pictures(architecture.input, 3))
    step = st.tuples(st.integers(0, 2), st.integers(0, architecture.outputs - 1), st.sampled_from([1, -1]))
    return pair, images, [draw(st.lists(step, max_size=4)) for _ in pair]


def after_round(models, images, steps, how):
    stack = stack_models(models)
    return calibrate_round(stack, round_activations(stack, images), steps, how)


@given(rounds(), step_sizes, caps, st.sampled_from(["log", "h"]))
@settings(max_examples=150, deadline=None)
def test_rounds_agree(case, step_size, cap, mode):
    pair, images, steps = case
    stack = after_round(
        pair,
        images,
        [[Step(*step) for step in own] for own in steps],
        StepSettings(step_size, cap, mode == "h"),
    )
    for model, own, after in zip(pair, steps, unstack(stack), strict=True):
        expected = slow_reference.updated(
            model.architecture, plain(model), images.tolist(), own, step_size, cap, mode
        )
        assert plain(after) == expected


@given(rounds())
@settings(max_examples=60, deadline=None)
def test_scores_agree(case):
    pair, images, _ = case
    outputs = pair[0].architecture.outputs
    found = class_scores(pair, images, outputs)
    for row, model in enumerate(pair):
        expected = [
            slow_reference.scores(model.architecture, plain(model), picture) for picture in images.tolist()
        ]
        assert found[row, :, : outputs - 1].tolist() == [scores[:-1] for scores in expected]
        assert not found[row, :, outputs - 1].any()


@given(st.lists(st.integers(-(2**22), 2**22), min_size=2, max_size=12))
def test_softmax_agrees(logits):
    tensor = torch.tensor(logits, dtype=torch.float64).reshape(1, -1, 1)
    assert probabilities(tensor).flatten().tolist() == slow_reference.softmax(logits)


@given(rounds(), step_sizes)
@settings(max_examples=30, deadline=None)
def test_layout_changes_no_bit(case, step_size):
    """Single or stacked models, one sample a chunk or all at once, any order of the steps."""
    pair, images, steps = case
    how = StepSettings(step_size, 2**18, False)
    table = [[Step(*step) for step in own] for own in steps]
    together = unstack(after_round(pair, images, table, how))
    with pytest.MonkeyPatch.context() as patch:
        for bound in ("PIECE_SAMPLES", "OUTPUT_BYTES", "PATCH_BYTES", "CHUNK_BYTES"):
            patch.setattr(chunks, bound, 1)
        for model, own, expected in zip(pair, table, together, strict=True):
            alone = unstack(after_round([model], images, [own[::-1]], how))[0]
            assert alone.sha256() == expected.sha256()
        scores = class_scores(pair, images, pair[0].architecture.outputs)
    assert np.array_equal(scores, class_scores(pair, images, pair[0].architecture.outputs))


def test_a_round_has_at_most_127_steps():
    with pytest.raises(RoundSizeError) as error:
        step_table([[Step(0, 0, 1)] * 128])
    assert error.value.steps == 128

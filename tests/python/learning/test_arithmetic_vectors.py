"""Every entry of the arithmetic vectors, by the fast path and by the slow reference."""

import pytest
import slow_reference
from vector_models import ENTRIES, after_round, drawn, name, plain

from bema_py.learning.forward import input_activations, logits
from bema_py.learning.model import Model
from bema_py.learning.softmax import probabilities
from bema_py.learning.stack import stack_models

EVERY = pytest.mark.parametrize("index", range(len(ENTRIES)), ids=[name(entry) for entry in ENTRIES])


@EVERY
def test_draws_are_those_of_the_entry(index):
    model, _, steps = drawn(index)
    assert model.sha256().hex() == ENTRIES[index]["initial_sha256"]
    assert steps == ENTRIES[index]["steps"]


@EVERY
def test_scores(index):
    model, images, _ = drawn(index)
    found = probabilities(logits(stack_models([model]), input_activations(images[None])))
    assert found[0].T.tolist() == ENTRIES[index]["scores"]


@EVERY
def test_round(index):
    assert after_round(index).sha256().hex() == ENTRIES[index]["updated_sha256"]


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(i, id=name(entry), marks=[pytest.mark.slow] if entry["architecture"] != "linear" else [])
        for i, entry in enumerate(ENTRIES)
    ],
)
def test_slow_reference(index):
    entry = ENTRIES[index]
    model, images, steps = drawn(index)
    pictures = images.tolist()
    scored = [slow_reference.scores(model.architecture, plain(model), picture) for picture in pictures]
    assert scored == entry["scores"]
    after = slow_reference.updated(
        model.architecture, plain(model), pictures, steps, entry["step_size_E"], entry["cap_G"], entry["mode"]
    )
    assert canonical(model, after) == entry["updated_sha256"]


def canonical(model, theta):
    data = b"".join(
        value.to_bytes(4, "little", signed=True)
        for weight, bias in theta
        for row in (*weight, bias)
        for value in row
    )
    return Model.from_bytes(model.architecture, model.classes, data).sha256().hex()

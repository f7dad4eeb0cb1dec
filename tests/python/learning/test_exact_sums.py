"""Sums as large as an architecture may make them are rounded right, whatever cancels in them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bema_py.learning import norm
from bema_py.learning.arithmetic import round_shift_
from bema_py.learning.forward import LINEAR_OUTPUT_BITS, convolution, linear, round_outputs_
from bema_py.learning.stack import Parameters, working_parameters

LARGEST = 2**22
TERMS = 511
"""The most terms of two such operands that stay below 2^53."""

values = st.sampled_from([-LARGEST, -LARGEST + 1, -1, 0, 1, LARGEST - 1, LARGEST])
theta = st.integers(-(2**30), 2**30)


def parameters(weights, bias):
    """The working parameters of one model's layer with one output; weights W in 2^-20, the bias as theta."""
    weight = torch.tensor(weights, dtype=torch.float64).mul(2.0**8).reshape(1, 1, -1)
    return working_parameters(Parameters(weight, torch.tensor([[float(bias)]], dtype=torch.float64)))


def expected(weights, inputs, bias):
    total = sum(w * a for w, a in zip(weights, inputs, strict=True)) + ((bias + 128) >> 8) * 2**16
    return max(-LARGEST, min(LARGEST, (total + 2**19) >> 20))


@given(st.lists(st.tuples(values, values), min_size=2, max_size=TERMS), theta)
def test_linear(pairs, bias):
    # What the first half adds the second takes away, but for the last unit.
    weights = [w for w, _ in pairs] + [-w for w, _ in pairs]
    inputs = [a for _, a in pairs] + [a - 1 if a > 0 else a for _, a in pairs]
    weights, inputs = weights[-TERMS:], inputs[-TERMS:]
    column = torch.tensor(inputs, dtype=torch.float64).reshape(1, -1, 1)
    found = round_outputs_(linear(parameters(weights, bias), column), LINEAR_OUTPUT_BITS, False)
    assert found.item() == expected(weights, inputs, bias)


@given(st.lists(st.tuples(values, values), min_size=25, max_size=25), theta)
def test_convolution(pairs, bias):
    weights, inputs = [w for w, _ in pairs], [a for _, a in pairs]
    image = torch.tensor(inputs, dtype=torch.float64).reshape(1, 1, 5, 5, 1)
    found = round_outputs_(convolution(parameters(weights, bias), image, 0), LINEAR_OUTPUT_BITS, True)
    assert found.item() == max(0, expected(weights, inputs, bias))


@given(st.integers(-(2**53), 2**53), st.integers(0, 24))
def test_products_with_working_weights_round_as_integers(value, shift):
    """R(v, 20 + shift) of an integer is floor(v' / 2^shift + 1/2) of v' = v / 2^20."""
    scaled = torch.tensor([value * 2.0**-20], dtype=torch.float64)
    assert round_shift_(scaled, shift).item() == (value + 2 ** (19 + shift)) >> (20 + shift)


@given(st.lists(values, min_size=1, max_size=40), st.integers(1, 5))
def test_sums_of_squares(entries, terms):
    """However few squares are added at once, and with the largest of them as many as are added at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(norm, "MAX_TERMS", terms)
        found = norm.sum_of_squares(torch.tensor([entries], dtype=torch.float64), 1)
    assert found.tolist() == [sum(entry**2 for entry in entries)]


def test_the_most_squares_added_at_once_stay_within_64_bits():
    count = 2 * norm.MAX_TERMS + 1
    found = norm.sum_of_squares(torch.full((1, count), float(LARGEST), dtype=torch.float64), 1)
    assert found.tolist() == [count * LARGEST**2]

"""The proof that the arithmetic is exact: the published table of bounds, and what lies beyond it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bema_py.core.architecture import (
    ARCHITECTURES,
    Architecture,
    ArchitectureBoundError,
    Convolution,
    LayerShapeError,
    Linear,
    Pool,
    Relu,
    name_of,
)
from bema_py.core.bounds import BIAS, EXACT, MAX_STEPS, layer_bounds, round_bound
from bema_py.core.errors import InputError
from bema_py.core.layers import UnknownLayerError


def bits(name):
    """Give the bounds of a named architecture, the bias left out as the table does."""
    architecture = ARCHITECTURES[name](10)
    found = {}
    for bound in layer_bounds(architecture.layers, architecture.shapes()):
        bias = BIAS if bound.quantity == "forward sum" else 0
        found[bound.layer, bound.quantity] = round(type(bound)("", "", bound.value - bias).bits, 3)
    return found


def test_the_table_of_bounds():
    lenet5, lenet4, mlp, linear = (bits(name) for name in ("lenet5", "lenet4", "mlp", "linear"))
    assert lenet5["layers.0", "forward sum"] == pytest.approx(42.6, abs=0.05)
    for first in (mlp, linear):
        assert first["layers.0", "forward sum"] == pytest.approx(47.6, abs=0.05)
    assert lenet4["layers.3", "forward sum"] == pytest.approx(50.6, abs=0.05)
    assert lenet5["layers.3", "forward sum"] == pytest.approx(51.2, abs=0.05)
    assert lenet5["layers.6", "forward sum"] == lenet4["layers.6", "forward sum"] == 52.644
    assert lenet5["layers.3", "transposed sum"] == 52.644
    assert lenet5["layers.10", "forward sum"] == pytest.approx(50.4, abs=0.05)
    assert mlp["layers.4", "forward sum"] == pytest.approx(50.6, abs=0.05)
    assert lenet5["layers.8", "forward sum"] == pytest.approx(50.9, abs=0.05)
    assert mlp["layers.2", "forward sum"] == pytest.approx(52.23, abs=0.005)
    assert lenet5["layers.0", "weight gradient"] == pytest.approx(47.6, abs=0.05)
    assert lenet5["layers.3", "weight gradient"] == pytest.approx(50.6, abs=0.05)
    assert lenet5["layers.6", "weight update"] == pytest.approx(52.99, abs=0.005)
    # The first layer with parameters passes nothing on, so it has no transposed sum.
    assert ("layers.0", "transposed sum") not in lenet5 | mlp


def test_a_round_is_as_long_as_the_bound_allows():
    assert round_bound(MAX_STEPS) <= EXACT
    assert round_bound(MAX_STEPS + 1) <= EXACT < round_bound(MAX_STEPS + 2)


IMAGE = (1, 28, 28)
BEYOND = {
    "512 inputs": (IMAGE, (Linear(784, 512), Relu(), Linear(512, 3)), "layers.2", "forward sum"),
    "32768 pixels": ((2, 128, 128), (Linear(32768, 3),), "layers.0", "forward sum"),
    "525 terms": (
        (1, 5, 5),
        (Convolution(1, 21, 2), Convolution(21, 2, 0), Linear(2, 3)),
        "layers.1",
        "forward sum",
    ),
    "525 transposed": (
        (1, 5, 5),
        (Convolution(1, 2, 2), Convolution(2, 21, 0), Linear(21, 3)),
        "layers.1",
        "transposed sum",
    ),
    "576 positions": (
        (1, 24, 24),
        (Convolution(1, 1, 2), Convolution(1, 1, 2), Pool(), Linear(144, 3)),
        "layers.1",
        "weight gradient",
    ),
}


@pytest.mark.parametrize("case", BEYOND.values(), ids=BEYOND)
def test_layers_beyond_the_bound_are_refused_by_name(case):
    image, layers, layer, quantity = case
    with pytest.raises(ArchitectureBoundError, match=f"{layer}.*{quantity}.*2\\^53") as caught:
        Architecture(image, layers)
    assert (caught.value.layer, caught.value.quantity) == (layer, quantity)
    assert caught.value.bound > EXACT


def test_the_last_sizes_within_the_bound_are_taken():
    Architecture(IMAGE, (Linear(784, 511), Relu(), Linear(511, 3)))
    Architecture((7, 31, 151), (Linear(7 * 31 * 151, 3),))
    Architecture((1, 5, 5), (Convolution(1, 20, 2), Convolution(20, 20, 0), Linear(20, 3)))


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("outputs", [2, 10, 11, 257])
def test_named_architectures_come_back_from_their_plain_form(name, outputs):
    architecture = ARCHITECTURES[name](outputs)
    assert Architecture.from_plain(architecture.to_plain()) == architecture
    assert name_of(architecture) == name
    assert architecture.outputs == outputs


def test_the_parameters_of_lenet5():
    architecture = ARCHITECTURES["lenet5"](10)
    assert architecture.parameter_shapes()[:4] == (
        ("layers.0.weight", (6, 1, 5, 5)),
        ("layers.0.bias", (6,)),
        ("layers.3.weight", (16, 6, 5, 5)),
        ("layers.3.bias", (16,)),
    )
    assert architecture.parameter_shapes()[-2:] == (("layers.10.weight", (10, 84)), ("layers.10.bias", (10,)))
    # The count of the classical network with full connections between its convolutions.
    assert architecture.parameter_count == 61706


def test_layers_that_do_not_fit_are_refused():
    for layers in (
        (Linear(783, 3),),
        (Convolution(3, 1, 0), Linear(576, 3)),
        (Convolution(1, 1, 3), Pool(), Pool(), Linear(49, 3)),
        (Convolution(1, 1, 0), Pool(), Pool(), Convolution(1, 1, 0), Convolution(1, 1, 0), Linear(1, 3)),
        (Linear(784, 9), Pool(), Linear(9, 3)),
        (Linear(784, 9), Convolution(9, 1, 4), Linear(9, 3)),
    ):
        with pytest.raises(LayerShapeError):
            Architecture(IMAGE, layers)
    assert name_of(Architecture(IMAGE, (Relu(), Linear(784, 3)))) == "custom"


PLAIN = st.recursive(
    st.none()
    | st.integers(-1, 30)
    | st.sampled_from(["linear", "relu", "pool", "convolution", "input", "layers"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["input", "layers"]), inner),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_forms_of_nothing_raise_only_input_errors(plain):
    with contextlib.suppress(InputError):
        Architecture.from_plain(plain)


@pytest.mark.parametrize("image", [None, 784, [28, 28], [1, 28, 28, 1], ["1", 28, 28]])
def test_images_of_another_form_are_refused(image):
    with pytest.raises(InputError, match=r"architecture must be|input"):
        Architecture.from_plain({"input": image, "layers": [["linear", 784, 3]]})


@pytest.mark.parametrize("layer", [None, [], "pool", ["pool", 1], ["linear", 1], [["relu"]], {"relu": 1}])
def test_unknown_layers_are_named(layer):
    with pytest.raises(UnknownLayerError):
        Architecture.from_plain({"input": [1, 28, 28], "layers": [layer]})


def test_too_many_layers_are_refused():
    with pytest.raises(InputError, match="layers has length 65"):
        Architecture(IMAGE, (Relu(),) * 64 + (Linear(784, 3),))
    with pytest.raises(InputError, match="layers has length 65"):
        Architecture.from_plain({"input": [1, 28, 28], "layers": [["relu"]] * 65})

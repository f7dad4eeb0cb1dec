"""Declared architectures: what a file gives, and every refusal with its place."""

import pytest

from bema_py.core.architecture import ARCHITECTURES, LayerFitError, fit, name_of
from bema_py.core.architecture_file import ArchitectureFileError, InputShapeError, read_architecture
from bema_py.core.bounds import ArchitectureBoundError
from bema_py.core.layers import Convolution, LayerShapeError, Linear, Pool, Relu

LENET5 = """
input = [1, 28, 28]
layers = [
  { convolution = 6, padding = 2 }, "relu", "pool",
  { convolution = 16, padding = 0 }, "relu", "pool",
  { linear = 120 }, "relu", { linear = 84 }, "relu",
]
"""


@pytest.fixture
def declare(tmp_path):
    def write(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return read_architecture(path)

    return write


def test_lenet5_declared_is_lenet5(declare):
    declared = declare(LENET5)
    assert (declared.input, declared.loss) == ((1, 28, 28), "cross_entropy")
    for outputs in (2, 11):
        assert declared(outputs) == ARCHITECTURES["lenet5"](outputs)
    assert name_of(declared(4)) == "lenet5"


def test_a_table_of_thirty_features_with_the_hinge_loss(declare):
    declared = declare('input = [1, 1, 30]\nlayers = [{ linear = 16 }, "relu"]\nloss = "hinge"')
    assert declared.loss == "hinge"
    assert declared(3, (1, 1, 30)).layers == (Linear(30, 16), Relu(), Linear(16, 3))


def test_no_layers_are_a_linear_model_and_colours_count(declare):
    assert declare("input = [1, 1, 5]\nlayers = []")(2, (1, 1, 5)).layers == (Linear(5, 2),)
    colours = declare('input = [3, 32, 32]\nlayers = [{ convolution = 4, padding = 2 }, "pool", "pool"]')
    assert colours(11, (3, 32, 32)).layers == (Convolution(3, 4, 2), Pool(), Pool(), Linear(256, 11))


def test_the_layer_beyond_the_bound_and_its_bound_are_named(declare):
    """400 units may follow 784 pixels, 600 may not be summed by the layer after them."""
    declare('input = [1, 28, 28]\nlayers = [{ linear = 400 }, "relu"]')
    with pytest.raises(
        ArchitectureFileError, match=r"mine.toml: layers.2: the forward sum .* = 2\^53.229"
    ) as caught:
        declare('input = [1, 28, 28]\nlayers = [{ linear = 600 }, "relu"]')
    cause = caught.value.__cause__
    assert isinstance(cause, ArchitectureBoundError)
    assert (cause.layer, cause.bound > 2**53) == ("layers.2", True)


def test_a_bound_that_only_more_outputs_break_is_named_too(declare):
    """The transposed sum of the last layer grows with its outputs, up to the 257 there can be: never too far."""
    declared = declare('input = [1, 28, 28]\nlayers = [{ linear = 511 }, "relu"]')
    assert declared(257).outputs == 257
    with pytest.raises(ArchitectureFileError, match="outputs is 258, must be 2 to 257"):
        declared(258)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input = [1, 28, 28]\nlayers = [\n", r"not TOML .*end of document"),
        ("layers = []", "input must be a list of channels, height and width"),
        ("input = [28, 28]\nlayers = []", "input has length 2, must have 3"),
        ("input = [1, 28, 2000]\nlayers = []", "input width is 2000, must be 1 to 1024"),
        ('input = [1, "a", 28]\nlayers = []', "input height must be an integer"),
        ("input = [1, 28, 28]", "layers must be a list, found NoneType"),
        ("input = [1, 28, 28]\nlayers = []\nname = 1", "field is 'name', must be one of input, layers, loss"),
        (
            'input = [1, 28, 28]\nlayers = []\nloss = "mse"',
            "loss is 'mse', must be one of cross_entropy, hinge",
        ),
        ('input = [1, 28, 28]\nlayers = ["relu", "max"]', "layers.1 is 'max', must be one of"),
        ("input = [1, 28, 28]\nlayers = [{ linear = 5, bias = 1 }]", "layers.0 is {'linear': 5, 'bias': 1}"),
        ("input = [1, 28, 28]\nlayers = [{ convolution = 5 }]", "layers.0 is {'convolution': 5}"),
        (
            "input = [1, 28, 28]\nlayers = [{ convolution = 5, padding = 7 }]",
            "layers.0: padding is 7, must be 0 to 4",
        ),
        (
            'input = [1, 28, 28]\nlayers = [{ linear = "many" }]',
            "layers.0: outputs must be an integer, found str",
        ),
        (
            "input = [1, 28, 28]\nlayers = [{ linear = true }]",
            "layers.0: outputs must be an integer, found bool",
        ),
        (
            'input = [1, 1, 30]\nlayers = ["relu", "pool"]',
            r"layers.1: pool cannot take an input of shape \(1, 1, 30\)",
        ),
        (
            "input = [1, 28, 28]\nlayers = [{ linear = 9 }, { convolution = 1, padding = 0 }]",
            r"layers.1: convolution cannot take an input of shape \(9,\)",
        ),
        ("input = [1, 28, 28]\nlayers = [" + '"relu",' * 64 + "]", "layers has length 64, must have 0 to 63"),
    ],
)
def test_refusals_name_file_field_and_fault(declare, text, message):
    with pytest.raises(ArchitectureFileError, match=f"mine.toml: .*{message}"):
        declare(text)


def test_a_missing_file_and_data_of_another_shape(declare, tmp_path):
    with pytest.raises(ArchitectureFileError, match=r"none.toml: it cannot be read \(No such file"):
        read_architecture(tmp_path / "none.toml")
    with pytest.raises(InputShapeError, match=r"input is \[1, 28, 28\], the data has \[1, 1, 30\]"):
        declare(LENET5)(3, (1, 1, 30))


def test_named_architectures_adapt_to_the_input_or_say_why_not():
    assert ARCHITECTURES["mlp"](4, (1, 1, 30)).layers[0] == Linear(30, 300)
    assert ARCHITECTURES["lenet4"](4, (3, 20, 20)).layers[6] == Linear(16 * 3 * 3, 120)
    assert name_of(ARCHITECTURES["linear"](4, (1, 1, 30))) == "linear"
    with pytest.raises(
        LayerFitError, match=r"layers.2: pool cannot take an input of shape \(6, 1, 30\)"
    ) as caught:
        ARCHITECTURES["lenet5"](4, (1, 1, 30))
    assert isinstance(caught.value.cause, LayerShapeError)
    with pytest.raises(ArchitectureBoundError, match=r"layers.6: the forward sum"):
        ARCHITECTURES["lenet5"](4, (1, 32, 32))


def test_an_unknown_outline_is_refused_with_its_index():
    with pytest.raises(LayerFitError, match=r"layers.1: \('dropout', 1\) is not a layer"):
        fit((1, 4, 4), (("relu",), ("dropout", 1)), 2)

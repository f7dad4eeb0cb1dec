"""Models: rounding to the grid, canonical bytes, and what is refused."""

from hashlib import sha256

import numpy as np
import pytest

from bema_py.core.architecture import Architecture, Linear
from bema_py.core.parameter_file import (
    ParameterBoundError,
    ParameterSizeError,
    decode_parameters,
    encode_parameters,
)
from bema_py.learning.model import (
    LabelSpaceError,
    Model,
    ParameterShapeError,
    ParameterTypeError,
    ParameterValueError,
    TensorCountError,
)
from bema_py.learning.scoring import ImageTypeError, class_scores
from bema_py.learning.stack import stack_models, unstack

TINY = Architecture((1, 1, 2), (Linear(2, 2),))


def tiny(*values):
    return Model.from_floats(TINY, [0], [np.array(values).reshape(2, 2), [0.0, 0.0]])


def test_rounds_half_up_and_clamps():
    unit = 2.0**-28
    model = tiny(0.5 * unit, -0.5 * unit, 4.1, -4.1)
    assert model.theta[0].tolist() == [[1, 0], [2**30, -(2**30)]]
    assert tiny(-0.0, 0.0, 1.0, -1.0).to_bytes() == tiny(0.0, -0.0, 1.0, -1.0).to_bytes()


def test_canonical_bytes_round_trip():
    model = tiny(1.0, -1.0, 0.25, 3.0)
    data = model.to_bytes()
    assert data[:8] == (2**28).to_bytes(4, "little") + (-(2**28)).to_bytes(4, "little", signed=True)
    assert Model.from_bytes(TINY, [0], data).to_bytes() == data
    assert model.sha256() == sha256(data).digest()
    assert decode_parameters(TINY, encode_parameters(TINY, data)) == data


def test_stacking_keeps_every_parameter():
    pair = [tiny(1.0, -1.0, 0.25, 3.0), tiny(4.0, -4.0, 0.0, 1e-9)]
    assert [m.sha256() for m in unstack(stack_models(pair))] == [m.sha256() for m in pair]


def test_parameters_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        tiny(1.0, 1.0, 1.0, 1.0).theta[0][0, 0] = 5


def test_bad_parameters_are_named():
    with pytest.raises(ParameterSizeError):
        Model.from_bytes(TINY, [0], bytes(23))
    beyond = (2**30 + 1).to_bytes(4, "little")
    with pytest.raises(ParameterBoundError) as bound:
        Model.from_bytes(TINY, [0], bytes(12) + beyond + bytes(8))
    assert (bound.value.tensor, bound.value.index, bound.value.value) == ("layers.0.weight", 3, 2**30 + 1)
    with pytest.raises(ParameterBoundError):
        Model.from_bytes(TINY, [0], (-(2**31)).to_bytes(4, "little", signed=True) + bytes(20))
    with pytest.raises(ParameterValueError):
        tiny(float("nan"), 0.0, 0.0, 0.0)
    with pytest.raises(ParameterTypeError):
        Model(TINY, (0,), (np.zeros((2, 2)), np.zeros(2)))  # type: ignore[arg-type]
    with pytest.raises(ParameterShapeError):
        Model.from_floats(TINY, [0], [np.zeros((2, 3)), np.zeros(2)])
    with pytest.raises(TensorCountError):
        Model.from_floats(TINY, [0], [np.zeros((2, 2))])


@pytest.mark.parametrize("classes", [(), (0, 1), (-1,)])
def test_label_space_fits_the_outputs(classes):
    with pytest.raises(LabelSpaceError):
        Model.from_bytes(TINY, classes, bytes(24))


def test_label_space_ascends():
    with pytest.raises(LabelSpaceError):
        Model.from_bytes(Architecture((1, 1, 2), (Linear(2, 3),)), (1, 0), bytes(36))


def test_images_are_bytes():
    with pytest.raises(ImageTypeError):
        class_scores([tiny(0.0, 0.0, 0.0, 0.0)], np.zeros((1, 1, 1, 2)), 1)  # type: ignore[arg-type]
    with pytest.raises(ImageTypeError):
        class_scores([tiny(0.0, 0.0, 0.0, 0.0)], np.zeros((1, 2), dtype=np.uint8), 1)

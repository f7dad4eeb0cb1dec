"""No clamp and no pooling exponent is idle: without it at least one entry of the vectors comes out otherwise."""

import pytest
import torch
from vector_models import ENTRIES, after_round

from bema_py.core.parameter_file import ParameterBoundError
from bema_py.learning import backward, forward, update
from bema_py.learning.arithmetic import clamp_, round_shift_
from bema_py.learning.softmax import exp2_negative

CLAMPS = [
    (forward, "LINEAR_OUTPUT_BITS"),
    (forward, "CONVOLUTION_OUTPUT_BITS"),
    (backward, "LINEAR_DELTA_BITS"),
    (backward, "CONVOLUTION_DELTA_BITS"),
    (backward, "CONVOLUTION_WEIGHT_BITS"),
    (backward, "CONVOLUTION_BIAS_BITS"),
    (update, "SCALED_DELTA_BITS"),
    (update, "CONVOLUTION_PARAMETER_BITS"),
    (update, "LINEAR_WEIGHT_BITS"),
    (update, "LINEAR_BIAS_BITS"),
]
OUT_OF_REACH = 500


def changes_an_entry():
    """Whether some entry's round ends with other bytes; parameters beyond their bound are other bytes too."""
    for index, entry in reversed(list(enumerate(ENTRIES))):
        try:
            if after_round(index).sha256().hex() != entry["updated_sha256"]:
                return True
        except ParameterBoundError:
            return True
    return False


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize(("module", "clamp"), CLAMPS, ids=[name for _, name in CLAMPS])
def test_removing_a_clamp_changes_an_entry(monkeypatch, module, clamp):
    monkeypatch.setattr(module, clamp, OUT_OF_REACH)
    assert changes_an_entry()


def test_removing_the_pooling_exponent_changes_an_entry(monkeypatch):
    monkeypatch.setattr(backward, "POOL_EXPONENT", 0)
    assert changes_an_entry()


@pytest.mark.parametrize(
    ("value", "shift", "result"),
    [
        (-(2**19), 20, 0),
        (2**19, 20, 1),
        (2**19 - 1, 20, 0),
        (-(2**19) - 1, 20, -1),
        (-3 * 2**19, 20, -1),
        (-2, 2, 0),
        (2, 2, 1),
        (-6, 2, -1),
        (7, 0, 7),
        (2**53 - 2**20, 20, 2**33 - 1),
        (-(2**53), 20, -(2**33)),
    ],
)
def test_ties_round_up(value, shift, result):
    assert round_shift_(torch.tensor([float(value)], dtype=torch.float64), shift).item() == result


def test_clamp_keeps_its_bounds():
    values = torch.tensor([-(2.0**22) - 1, -(2.0**22), 0.0, 2.0**22, 2.0**22 + 1], dtype=torch.float64)
    assert clamp_(values, 22).tolist() == [-(2**22), -(2**22), 0, 2**22, 2**22]


def test_exponentials_vanish_from_forty_on():
    exponents = torch.tensor([0, 39 << 30, 40 << 30, 200 << 30])
    assert exp2_negative(exponents).tolist() == [2**30, 0, 0, 0]

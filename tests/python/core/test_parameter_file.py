"""The canonical parameter file: one per parameter set, and a valid safetensors file."""

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bema_py.core.architecture import ARCHITECTURES, Architecture, Convolution, Linear
from bema_py.core.parameter_file import (
    MAX_PARAMETER,
    ParameterBoundError,
    ParameterHeaderError,
    ParameterSizeError,
    decode_parameters,
    encode_parameters,
    parameter_file_size,
    parameter_size,
)

SMALL = Architecture((1, 5, 5), (Convolution(1, 2, 0), Linear(2, 3)))
COUNT = SMALL.parameter_count


def packed(values):
    return struct.pack(f"<{len(values)}i", *values)


@given(st.lists(st.integers(-MAX_PARAMETER, MAX_PARAMETER), min_size=COUNT, max_size=COUNT))
def test_parameters_come_back(values):
    data = packed(values)
    file = encode_parameters(SMALL, data)
    assert decode_parameters(SMALL, file) == data
    assert len(file) == parameter_file_size(SMALL)


def tensors(file):
    """Read a safetensors file as its format page says, with the checks of the reference reader."""
    length = int.from_bytes(file[:8], "little")
    assert file[8:9] == b"{"
    header, buffer = json.loads(file[8 : 8 + length]), file[8 + length :]
    at = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        start, end = entry["data_offsets"]
        assert (start, entry["dtype"]) == (at, "I32"), "the data has no holes"
        at = end
        yield name, entry["shape"], buffer[start:end]
    assert at == len(buffer)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_independent_reader_finds_every_tensor(name):
    architecture = ARCHITECTURES[name](11)
    data = packed([i % 2**30 for i in range(architecture.parameter_count)])
    file = encode_parameters(architecture, data)
    header = int.from_bytes(file[:8], "little")
    assert (8 + header) % 8 == 0
    found = list(tensors(file))
    assert [(tensor, tuple(shape)) for tensor, shape, _ in found] == list(architecture.parameter_shapes())
    assert b"".join(part for _, _, part in found) == data


def test_the_header_of_a_small_file():
    file = encode_parameters(SMALL, bytes(4 * COUNT))
    text = file[8 : 8 + int.from_bytes(file[:8], "little")]
    assert text.rstrip(b" ") == (
        b'{"layers.0.weight":{"dtype":"I32","shape":[2,1,5,5],"data_offsets":[0,200]},'
        b'"layers.0.bias":{"dtype":"I32","shape":[2],"data_offsets":[200,208]},'
        b'"layers.1.weight":{"dtype":"I32","shape":[3,2],"data_offsets":[208,232]},'
        b'"layers.1.bias":{"dtype":"I32","shape":[3],"data_offsets":[232,244]}}'
    )


@settings(max_examples=200)
@given(st.data())
def test_a_changed_byte_is_refused_or_changes_the_parameters(data):
    original = encode_parameters(SMALL, bytes(4 * COUNT))
    header = len(original) - 4 * COUNT
    at = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[at] ^= data.draw(st.integers(1, 255))
    if at < header:
        with pytest.raises(ParameterHeaderError) as caught:
            decode_parameters(SMALL, bytes(changed))
        assert caught.value.position == at
        return
    try:
        assert decode_parameters(SMALL, bytes(changed)) != bytes(4 * COUNT)
    except ParameterBoundError as error:
        assert abs(error.value) > error.bound == MAX_PARAMETER


@pytest.mark.parametrize("value", [2**30 + 1, -(2**30) - 1, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize(
    ("place", "tensor", "index"),
    [
        (0, "layers.0.weight", 0),
        (51, "layers.0.bias", 1),
        (57, "layers.1.weight", 5),
        (60, "layers.1.bias", 2),
    ],
)
def test_a_parameter_above_its_bound_is_named(value, place, tensor, index):
    values = [0] * COUNT
    values[place] = value
    good = encode_parameters(SMALL, bytes(4 * COUNT))
    for attempt in (
        lambda: encode_parameters(SMALL, packed(values)),
        lambda: decode_parameters(SMALL, good[: -4 * COUNT] + packed(values)),
    ):
        with pytest.raises(ParameterBoundError) as caught:
            attempt()
        assert (caught.value.tensor, caught.value.index, caught.value.value) == (tensor, index, value)


def test_files_of_another_length_are_refused():
    file = encode_parameters(SMALL, bytes(4 * COUNT))
    for wrong in (b"", file[:-1], file + b"\0", file[:-4]):
        with pytest.raises(ParameterSizeError) as caught:
            decode_parameters(SMALL, wrong)
        assert (caught.value.size, caught.value.required) == (len(wrong), len(file))
    with pytest.raises(ParameterSizeError):
        encode_parameters(SMALL, bytes(4 * COUNT + 4))


def test_a_file_of_another_architecture_is_refused():
    other = Architecture((1, 5, 5), (Convolution(1, 2, 0), Linear(2, 4)))
    file = encode_parameters(other, bytes(parameter_size(other)))
    with pytest.raises((ParameterHeaderError, ParameterSizeError)):
        decode_parameters(SMALL, file)

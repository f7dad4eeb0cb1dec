"""A model as ordinary PyTorch tensors, for use outside the protocol."""

from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType

import torch
from torch import Tensor

from bema_py.learning.float_net import flat_parameters, split_parameters
from bema_py.learning.model import Model


def state_dict(model: Model) -> Mapping[str, Tensor]:
    """Give every parameter as float32 under its name in the parameter file, "layers.0.weight" and so on.

    A float32 holds 24 bits, so a parameter of more than 2^24 units of 2^-28 is rounded.
    """
    names = [name for name, _ in model.architecture.parameter_shapes()]
    parts = split_parameters(model.architecture, flat_parameters(model, torch.float32))
    # A file would hold views of one vector as such.
    return MappingProxyType({name: part.clone() for name, part in zip(names, parts, strict=True)})


def torch_file(model: Model) -> bytes:
    """Give the bytes that torch.load(..., weights_only=True) reads as the model's state_dict: tensors only."""
    buffer = BytesIO()
    torch.save(dict(state_dict(model)), buffer)
    return buffer.getvalue()

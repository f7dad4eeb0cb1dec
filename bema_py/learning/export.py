"""A model as ordinary PyTorch tensors, for use outside the protocol."""

from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from bema_py.learning.model import Model

THETA_ONE = 2.0**28
"""The parameter 1 in units of theta."""


def state_dict(model: Model) -> Mapping[str, Tensor]:
    """Give every parameter as float32 under its name in the parameter file, "layers.0.weight" and so on.

    A float32 holds 24 bits, so a parameter of more than 2^24 units of 2^-28 is rounded.
    """
    names = [name for name, _ in model.architecture.parameter_shapes()]
    values = [torch.from_numpy((part / THETA_ONE).astype(np.float32)) for part in model.theta]
    return MappingProxyType(dict(zip(names, values, strict=True)))


def torch_file(model: Model) -> bytes:
    """Give the bytes that torch.load(..., weights_only=True) reads as the model's state_dict: tensors only."""
    buffer = BytesIO()
    torch.save(dict(state_dict(model)), buffer)
    return buffer.getvalue()

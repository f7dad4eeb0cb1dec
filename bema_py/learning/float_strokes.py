"""The float twin of the stroke feature, which can be differentiated: for attackers who move images through it."""

import torch
from torch import Tensor
from torch.nn import functional

from bema_py.learning.strokes import row_offsets

_SMOOTH = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16


def float_strokes(images: Tensor) -> Tensor:
    """Give the feature (n, height * width / 4) of images (n, 1, height, width) of values 0..255, as `stroke_features`.

    Nothing is rounded down but how far rows are moved, which is held fixed: gradients do not see it.
    """
    pixels = images[:, 0]
    upright = sheared(pixels)
    framed = functional.pad(upright, (1, 1, 1, 1))
    right = framed[:, 1:-1, 2:] - framed[:, 1:-1, :-2]
    down = framed[:, 2:, 1:-1] - framed[:, :-2, 1:-1]
    edges = torch.stack((right, -right, down, -down), dim=1).relu()
    # Sums of 2x2, smoothed with weights that sum to 16, every second kept, 64 divided out.
    halved = functional.avg_pool2d(edges, 2)
    kernel = _SMOOTH.expand(4, 1, 3, 3)
    return functional.conv2d(halved, kernel, stride=2, padding=1, groups=4).flatten(1)


def sheared(pixels: Tensor) -> Tensor:
    """Make images (n, height, width) upright, as `shear` does with the offsets of `row_offsets`."""
    offsets = torch.from_numpy(row_offsets(pixels.detach().round().long().numpy()))
    left = (offsets[:, :, None] >> 8) + torch.arange(pixels.shape[2])
    part = (offsets[:, :, None] & 255) / 256
    return (1 - part) * at_columns(pixels, left) + part * at_columns(pixels, left + 1)


def at_columns(pixels: Tensor, columns: Tensor) -> Tensor:
    """Give each row's values at its own columns, 0 outside."""
    width = pixels.shape[2]
    inside = (columns >= 0) & (columns < width)
    return pixels.gather(2, columns.clamp(0, width - 1)) * inside

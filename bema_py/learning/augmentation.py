"""Random distortions of training images, drawn from a generator that the caller seeds."""

from functools import cache
from math import pi

import torch
from torch import Tensor
from torch.nn import functional

from bema_py.learning.recipe import Distortion

_COARSE = 5
"""Side of the grid of random displacements that is smoothed to the size of the image."""


def distort(images: Tensor, distortion: Distortion | None, generator: torch.Generator) -> Tensor:
    """Distort each image of a batch (n, channels, height, width) on its own; None leaves all as they are."""
    if distortion is None:
        return images
    count, _, height, width = images.shape
    matrices = random_matrices(count, height, distortion, generator)
    coarse = torch.randn(count, 2, _COARSE**2, generator=generator) * (2 * distortion.elastic / height)
    weights = torch.cat([matrices, coarse], dim=2)
    grid = (weights @ grid_basis(height, width).T).view(count, 2, height, width).permute(0, 2, 3, 1)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


@cache
def grid_basis(height: int, width: int) -> Tensor:
    """Give what every sampling grid is a combination of: x, y, 1 and one smooth bump for each coarse point.

    Shaped (height * width, 3 + coarse points).
    """
    identity = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    straight = functional.affine_grid(identity, [1, 1, height, width], align_corners=False).view(-1, 2)
    points = torch.eye(_COARSE**2).view(-1, 1, _COARSE, _COARSE)
    bumps = (
        functional.interpolate(points, size=(height, width), mode="bicubic", align_corners=True).flatten(1).T
    )
    return torch.cat([straight, torch.ones(len(straight), 1), bumps], dim=1)


def random_matrices(count: int, side: int, distortion: Distortion, generator: torch.Generator) -> Tensor:
    """Draw affine maps (count, 2, 3) in the coordinates of grid_sample, where the image is 2 wide."""
    draws = torch.rand(6, count, generator=generator) * 2 - 1
    angle = draws[0] * (distortion.rotation * pi / 180)
    zoom_x, zoom_y = 1 + distortion.zoom * draws[1], 1 + distortion.zoom * draws[2]
    shear = distortion.shear * draws[3]
    cosine, sine = torch.cos(angle), torch.sin(angle)
    shift = draws[4:] * (2 * distortion.shift / side)
    top = torch.stack([cosine * zoom_x, (shear * cosine - sine) * zoom_y, shift[0]], dim=1)
    bottom = torch.stack([sine * zoom_x, (shear * sine + cosine) * zoom_y, shift[1]], dim=1)
    return torch.stack([top, bottom], dim=1)


def scramble(images: Tensor, generator: torch.Generator) -> Tensor:
    """Make images that show no class: each quadrant comes from another image and another place.

    They keep the strokes of real samples, so only the composition tells them apart. Size unchanged.
    """
    count, _, height, width = images.shape
    half_y, half_x = height // 2, width // 2
    quadrants = torch.stack(
        [
            images[:, :, y : y + half_y, x : x + half_x]
            for y in (0, height - half_y)
            for x in (0, width - half_x)
        ]
    )
    result = torch.zeros_like(images)
    for place in range(4):
        # An offset of 1 to 3 never leaves a quadrant where it belongs.
        offset = torch.randint(1, 4, (count,), generator=generator)
        source = torch.randint(0, count, (count,), generator=generator)
        y, x = divmod(place, 2)
        chosen = quadrants[(place + offset) % 4, source]
        result[:, :, y * (height - half_y) :, x * (width - half_x) :][:, :, :half_y, :half_x] = chosen
    return result


def shuffle_features(rows: Tensor, generator: torch.Generator) -> Tensor:
    """Make rows of a table that show no class: each feature comes from another row. Size unchanged."""
    sources = torch.rand(rows.shape, generator=generator).argsort(dim=0)
    return rows.gather(0, sources)

"""The feature of images of strokes: made upright, then how much edge of each direction lies where. Integers alone."""

import numpy as np
import numpy.typing as npt

from bema_py.core.errors import InputError
from bema_py.learning.datasets import ByteArray

MAX_SIDE = 32
"""Above it the second moments, in 2^-16, could leave 64 bits."""
_STEEPEST = 2**16
"""One pixel a row: no slant is corrected beyond it."""

Pixels = npt.NDArray[np.int64]


class StrokeShapeError(InputError):
    """Images of a shape that has no stroke feature."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Keep the shape (channels, height, width) found."""
        self.shape, self.maximum = shape, MAX_SIDE
        super().__init__(
            f"images of shape {shape} have no stroke feature: it needs one channel and sides that are multiples of 4 "
            f"up to {MAX_SIDE}"
        )


def stroke_features(images: ByteArray) -> ByteArray:
    """Give uint8 (n, height * width / 4): four maps a quarter as high and wide, one for each direction of edge.

    `images` is uint8 (n, 1, height, width). Raises StrokeShapeError.
    """
    check_stroke_shape(images.shape[1:])
    pixels = images[:, 0].astype(np.int64)
    upright = shear(pixels, row_offsets(pixels)) >> 8
    maps = [quartered(edges) for edges in directed_edges(upright)]
    return np.stack(maps, axis=1).astype(np.uint8).reshape(len(images), -1)


def check_stroke_shape(shape: tuple[int, ...]) -> None:
    """Raise StrokeShapeError unless images of this shape (channels, height, width) have the feature."""
    channels, height, width = shape
    if (
        channels != 1
        or height % 4
        or width % 4
        or not 4 <= min(height, width) <= max(height, width) <= MAX_SIDE
    ):
        raise StrokeShapeError(shape)


def row_offsets(pixels: Pixels) -> Pixels:
    """Give how far right of its place each row's content stands, (n, height) in 1/256 of a pixel, rounded down.

    The slant is the slope of x over y in the image's second moments.
    """
    y, x = np.arange(pixels.shape[1]), np.arange(pixels.shape[2])
    rows = pixels.sum(axis=2)
    mass, sum_x, sum_y = rows.sum(axis=1), pixels.sum(axis=1) @ x, rows @ y
    # Both times the squared mass: nothing is divided before the slant itself.
    covariance = mass * ((pixels @ x) @ y) - sum_x * sum_y
    variance = mass * (rows @ (y * y)) - sum_y * sum_y
    # Without variance the image is blank or one row, and the covariance is 0 as well.
    slant = np.clip(covariance * 2**16 // np.maximum(variance, 1), -_STEEPEST, _STEEPEST)
    from_centre = mass[:, None] * y - sum_y[:, None]
    offsets: Pixels = slant[:, None] * from_centre // (np.maximum(mass, 1)[:, None] * 2**8)
    return offsets


def shear(pixels: Pixels, offsets: Pixels) -> Pixels:
    """Move every row left by its offset, zeros in; the result is interpolated, in 1/256 of a grey level."""
    left = (offsets[:, :, None] >> 8) + np.arange(pixels.shape[2])
    part = offsets[:, :, None] & 255
    return (256 - part) * _at_columns(pixels, left) + part * _at_columns(pixels, left + 1)


def _at_columns(pixels: Pixels, columns: Pixels) -> Pixels:
    """Give each row's values at its own columns, 0 outside."""
    width = pixels.shape[2]
    inside = (columns >= 0) & (columns < width)
    return np.where(inside, np.take_along_axis(pixels, columns.clip(0, width - 1), axis=2), 0)


def directed_edges(pixels: Pixels) -> tuple[Pixels, ...]:
    """Give how much the image brightens to the right, left, bottom and top of each pixel; 0 where it darkens."""
    framed = np.pad(pixels, ((0, 0), (1, 1), (1, 1)))
    right = framed[:, 1:-1, 2:] - framed[:, 1:-1, :-2]
    down = framed[:, 2:, 1:-1] - framed[:, :-2, 1:-1]
    return tuple(np.maximum(edges, 0) for edges in (right, -right, down, -down))


def quartered(edges: Pixels) -> Pixels:
    """Shrink maps (n, height, width) to a quarter of each side: sums of 2x2, smoothed by 1-2-1, every second kept.

    The weights sum to 64 and are divided out, so bytes stay bytes.
    """
    count, height, width = edges.shape
    halved = edges.reshape(count, height // 2, 2, width // 2, 2).sum(axis=(2, 4))
    framed = np.pad(halved, ((0, 0), (1, 1), (1, 1)))
    rows = framed[:, :-2] + 2 * framed[:, 1:-1] + framed[:, 2:]
    smooth = rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]
    kept: Pixels = smooth[:, ::2, ::2] >> 6
    return kept

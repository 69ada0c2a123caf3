"""Drawings of simple shapes with the class of every pixel, the same on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.data.draws import uniform

CLASSES = ("background", "disc", "square", "triangle")
_SHAPES = 3
"""Shapes of an image; later ones cover earlier ones."""
_DRAWS = 8
"""Random numbers of one: whether, kind, row, column, radius and three of its colour."""
_PIXELS = 1 << 16
"""Pixels that are drawn at once, at least one image: each takes 120 bytes meanwhile."""

Array = NDArray[np.float64]


def draw(first: int, count: int, size: int) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Give images [n, size, size, 3] and their labels [n, size, size].

    An image follows from its number alone; those drawn here begin with the number `first`.
    """
    images, labels = np.empty((count, size, size, 3), np.uint8), np.empty((count, size, size), "i2")
    chunk = max(1, _PIXELS // size**2)
    for start in range(0, count, chunk):
        part = slice(start, min(start + chunk, count))
        numbers = np.arange(first + part.start, first + part.stop, dtype=np.int64)
        images[part], labels[part] = _draw(numbers, size)
    return images, labels


def _draw(numbers: NDArray[np.int64], size: int) -> tuple[NDArray[Any], NDArray[Any]]:
    ground = uniform(0, "shapes ground", 0, numbers, 3)[:, np.newaxis, np.newaxis]
    noise = uniform(0, "shapes noise", 0, numbers, size * size * 3)
    images = np.broadcast_to(ground, (len(numbers), size, size, 3)).copy()
    labels = np.zeros((len(numbers), size, size), np.int16)
    draws = uniform(0, "shapes", 0, numbers, _SHAPES * _DRAWS).reshape(-1, _SHAPES, _DRAWS)
    for shape in range(_SHAPES):
        inside, kind = _region(draws[:, shape], size, always=shape == 0)
        labels = np.where(inside, kind, labels)
        # At least a third of the way round from the ground, in each colour.
        colour = (ground + 1 / 3 + draws[:, np.newaxis, np.newaxis, shape, 5:] / 3) % 1
        images = np.where(inside[..., np.newaxis], colour, images)
    images = 0.75 * images + 0.25 * noise.reshape(images.shape)
    return np.rint(images * 255).astype(np.uint8), labels


def _region(
    draws: Array, size: int, *, always: bool
) -> tuple[NDArray[np.bool_], NDArray[np.int16]]:
    """Give the pixels of one shape in each image, and its kind."""
    there, kind, row, column, radius = draws[:, :5].T[..., np.newaxis, np.newaxis]
    radius = size * (0.12 + 0.12 * radius)
    pixels = np.arange(size, dtype=np.float64)
    down = pixels[:, np.newaxis] - (radius + row * (size - 1 - 2 * radius))
    right = pixels - (radius + column * (size - 1 - 2 * radius))
    which = (1 + np.floor(3 * kind)).astype(np.int16)
    disc = down * down + right * right <= radius * radius
    square = (abs(down) <= radius) & (abs(right) <= radius)
    triangle = (abs(down) <= radius) & (2 * abs(right) <= down + radius)
    inside = np.choose(which - 1, [disc, square, triangle])
    return inside & (always | (there < 2 / 3)), which

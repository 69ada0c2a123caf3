"""Layers in float64, forward: slow, and obviously right."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.reference.geometry import before_and_after, both_sides, extents

Array = NDArray[np.float64]
Config = dict[str, Any]


def pool(config: Config, x: Array, take: Callable[[Array], Array]) -> Array:
    """Apply `take` (cells, channels) -> (channels,) to the cells of each window that are on x."""
    size, strides = _pair(config.get("pool_size", 2)), _strides(config)
    sides, ceil_mode = config.get("padding", "valid"), config.get("ceil_mode", False)
    rows, columns = extents(x.shape[1:], size, strides, sides, ceil_mode=ceil_mode)
    top, left = (_before(x.shape[axis + 1], axis, size, strides, sides) for axis in (0, 1))
    y = np.zeros((len(x), rows, columns, x.shape[3]))
    for n, i, j in product(range(len(x)), range(rows), range(columns)):
        high = range(i * strides[0] - top, i * strides[0] - top + size[0])
        wide = range(j * strides[1] - left, j * strides[1] - left + size[1])
        cells = [(a, b) for a in high for b in wide if 0 <= a < x.shape[1] and 0 <= b < x.shape[2]]
        y[n, i, j] = take(np.array([x[n, a, b] for a, b in cells]))
    return y


def max_pooling2d(config: Config, x: Array) -> Array:
    return pool(config, x, lambda cells: cells.max(0))


def average_pooling2d(config: Config, x: Array) -> Array:
    return pool(config, x, lambda cells: cells.mean(0))


def max_pooling1d(config: Config, x: Array) -> Array:
    return max_pooling2d(_as_image(config), x[:, None])[:, 0]


def average_pooling1d(config: Config, x: Array) -> Array:
    return average_pooling2d(_as_image(config), x[:, None])[:, 0]


def difference(function: Callable[[Array], Array], x: Array, dy: Array, h: float = 1e-6) -> Array:
    """Give the gradient of sum(dy * function(x)) by moving every element of x up and down."""
    dx = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = h
        dx[place] = ((function(x + step) - function(x - step)) * dy).sum() / (2 * h)
    return dx


def _as_image(config: Config) -> Config:
    size, strides, sides = (config.get(name) for name in ("pool_size", "strides", "padding"))
    if isinstance(sides, int):
        sides = [0, sides]
    elif isinstance(sides, list | tuple):
        sides = [[0, 0], list(sides)]
    wide = {"pool_size": [1, size or 2], "strides": strides and [1, strides]}
    return {**config, **wide, "padding": sides or "valid"}


def _strides(config: Config) -> tuple[int, int]:
    return _pair(config.get("strides") or config.get("pool_size", 2))


def _before(
    extent: int, axis: int, size: tuple[int, int], strides: tuple[int, int], padding: Any
) -> int:
    sides = both_sides(padding)
    side = sides if isinstance(sides, str) else sides[axis]
    return before_and_after(extent, size[axis], strides[axis], side)[0]


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])

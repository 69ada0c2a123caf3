"""What an initializer is: the distribution that a parameter starts from."""

from __future__ import annotations

from math import prod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dltrain.core.component import Component
from dltrain.core.shapes import Shape


class Initializer(Component):
    """A distribution of starting values."""

    kind: ClassVar[str] = "initializer"
    package: ClassVar[str] = "dltrain.initializers"

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        raise NotImplementedError


def fans(shape: Shape) -> tuple[int, int]:
    """Count the inputs and outputs of one unit; kernels are [..., in, out], windows count."""
    if len(shape) < 2:
        size = prod(shape)
        return size, size
    window = prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def uniform(
    generator: np.random.Generator, shape: Shape, *, low: float, high: float
) -> NDArray[np.float32]:
    """Draw values evenly from [low, high)."""
    values = generator.random(shape, dtype=np.float32)
    values *= np.float32(high - low)
    values += np.float32(low)
    return values


def normal(generator: np.random.Generator, shape: Shape, *, stddev: float) -> NDArray[np.float32]:
    """Draw values from the normal distribution around 0."""
    values = generator.standard_normal(shape, dtype=np.float32)
    values *= np.float32(stddev)
    return values


def truncated(
    generator: np.random.Generator, shape: Shape, *, stddev: float
) -> NDArray[np.float32]:
    """Draw values from the normal distribution around 0, those beyond 2 `stddev` drawn again."""
    values = generator.standard_normal(prod(shape), dtype=np.float32)
    while (outside := np.flatnonzero(np.abs(values) > 2)).size:
        values[outside] = generator.standard_normal(outside.size, dtype=np.float32)
    values *= np.float32(stddev)
    return values.reshape(shape)


TRUNCATED_STDDEV = 0.87962566103423978
"""Standard deviation of the unit normal distribution cut off at 2."""

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

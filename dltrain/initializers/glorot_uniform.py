"""Uniform values that keep the variance of signals in both directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer, fans, uniform


class GlorotUniform(Initializer):
    """Uniform within sqrt(6 / (inputs + outputs)).

    Source: Glorot, Bengio 2010, eq. 16.
    """

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        limit = float(np.sqrt(6 / max(sum(fans(shape)), 1)))
        return uniform(generator, shape, low=-limit, high=limit)

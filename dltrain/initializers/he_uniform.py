"""Uniform values for relu, which halves the variance of signals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer, fans, uniform


class HeUniform(Initializer):
    """Uniform within sqrt(6 / inputs).

    Source: He et al. 2015, arXiv:1502.01852.
    """

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        limit = float(np.sqrt(6 / max(fans(shape)[0], 1)))
        return uniform(generator, shape, low=-limit, high=limit)

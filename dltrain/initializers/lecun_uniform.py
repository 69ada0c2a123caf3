"""Uniform values that keep the variance of signals going forward."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer, fans, uniform


class LecunUniform(Initializer):
    """Uniform within sqrt(3 / inputs).

    Source: LeCun et al. 1998, Efficient BackProp, eq. 16.
    """

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        limit = float(np.sqrt(3 / max(fans(shape)[0], 1)))
        return uniform(generator, shape, low=-limit, high=limit)

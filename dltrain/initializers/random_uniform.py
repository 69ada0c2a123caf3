"""Uniform values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.fields import Number
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer, uniform


class RandomUniform(Initializer):
    """Uniform between two bounds."""

    minval: Number = -0.05
    """Lower bound."""
    maxval: Number = 0.05
    """Upper bound."""

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        return uniform(generator, shape, low=self.minval, high=self.maxval)

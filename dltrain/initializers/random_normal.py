"""Normal values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.fields import NonNegative, Number
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer, normal


class RandomNormal(Initializer):
    """Normal with a mean and a standard deviation."""

    mean: Number = 0.0
    """Mean."""
    stddev: NonNegative = 0.05
    """Standard deviation."""

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        return normal(generator, shape, stddev=self.stddev) + np.float32(self.mean)

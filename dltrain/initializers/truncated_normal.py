"""Normal values without the far ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.fields import NonNegative, Number
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer, truncated


class TruncatedNormal(Initializer):
    """Normal; values more than two standard deviations from the mean are drawn again."""

    mean: Number = 0.0
    """Mean."""
    stddev: NonNegative = 0.05
    """Standard deviation before the cut."""

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        return truncated(generator, shape, stddev=self.stddev) + np.float32(self.mean)

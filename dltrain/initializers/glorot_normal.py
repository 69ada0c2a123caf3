"""Normal values that keep the variance of signals in both directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape
from dltrain.initializers.base import TRUNCATED_STDDEV, Initializer, fans, truncated


class GlorotNormal(Initializer):
    """Normal with variance 2 / (inputs + outputs), cut off at two standard deviations.

    Source: Glorot, Bengio 2010, eq. 16.
    """

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        stddev = float(np.sqrt(2 / max(sum(fans(shape)), 1)))
        return truncated(generator, shape, stddev=stddev / TRUNCATED_STDDEV)

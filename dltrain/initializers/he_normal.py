"""Normal values for relu, which halves the variance of signals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape
from dltrain.initializers.base import TRUNCATED_STDDEV, Initializer, fans, truncated


class HeNormal(Initializer):
    """Normal with variance 2 / inputs, cut off at two standard deviations.

    Source: He et al. 2015, arXiv:1502.01852.
    """

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        stddev = float(np.sqrt(2 / max(fans(shape)[0], 1)))
        return truncated(generator, shape, stddev=stddev / TRUNCATED_STDDEV)

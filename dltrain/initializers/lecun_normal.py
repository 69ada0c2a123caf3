"""Normal values that keep the variance of signals going forward."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape
from dltrain.initializers.base import TRUNCATED_STDDEV, Initializer, fans, truncated


class LecunNormal(Initializer):
    """Normal with variance 1 / inputs, cut off at two standard deviations.

    Source: LeCun et al. 1998, Efficient BackProp, eq. 16.
    """

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        stddev = float(np.sqrt(1 / max(fans(shape)[0], 1)))
        return truncated(generator, shape, stddev=stddev / TRUNCATED_STDDEV)

"""All ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer


class Ones(Initializer):
    """Every value 1."""

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Fill an array of this shape."""
        return np.ones(shape, np.float32)

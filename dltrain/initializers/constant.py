"""One value everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.fields import Number
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer


class Constant(Initializer):
    """Every value the same."""

    value: Number = 0.0
    """The value."""

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Fill an array of this shape."""
        return np.full(shape, self.value, np.float32)

"""Biases of a long short-term memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer


class UnitForgetBias(Initializer, listed=False):
    """Ones for the forget gate, so that a cell remembers at first; others as another says.

    Source: Jozefowicz, Zaremba, Sutskever 2015, "An empirical exploration of recurrent network
    architectures".
    """

    others: Initializer
    """Starting values of the other gates."""

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array (4 units,): i, f, g, o."""
        values = self.others.sample(generator, shape)
        units = shape[0] // 4
        values[units : 2 * units] = 1
        return values

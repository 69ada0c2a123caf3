"""Rotations: columns, or rows, at right angles."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from dltrain.core.fields import Number
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer


class Orthogonal(Initializer):
    """A random orthogonal matrix, all axes but the last taken as one.

    Source: Saxe, McClelland, Ganguli 2013, arXiv:1312.6120.
    """

    gain: Number = 1.0
    """Factor on all values."""

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Draw an array of this shape."""
        rows, columns = prod(shape[:-1]), shape[-1]
        normal = generator.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(normal)
        # QR leaves the signs to the library; with these the matrix is evenly distributed.
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
        matrix = q if rows >= columns else q.T
        return np.ascontiguousarray(matrix.reshape(shape) * self.gain, np.float32)

"""Penalty on absolute values."""

from __future__ import annotations

from dltrain.core.fields import NonNegative
from dltrain.regularizers.base import Regularizer


class L1(Regularizer):
    """A penalty of l1 * sum(|w|): drives weights to 0."""

    l1: NonNegative = 0.01
    """Factor of the sum of absolute values."""

    def factors(self) -> tuple[float, float]:
        """Give the factors (l1, l2)."""
        return self.l1, 0.0

"""Penalty on squares."""

from __future__ import annotations

from dltrain.core.fields import NonNegative
from dltrain.regularizers.base import Regularizer


class L2(Regularizer):
    """A penalty of l2 * sum(w * w): keeps weights small."""

    l2: NonNegative = 0.01
    """Factor of the sum of squares."""

    def factors(self) -> tuple[float, float]:
        """Give the factors (l1, l2)."""
        return 0.0, self.l2

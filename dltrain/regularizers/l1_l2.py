"""Penalty on absolute values and on squares."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import NonNegative
from dltrain.regularizers.base import Regularizer


class L1L2(Regularizer):
    """A penalty of l1 * sum(|w|) + l2 * sum(w * w)."""

    type_name: ClassVar[str] = "l1_l2"

    l1: NonNegative = 0.01
    """Factor of the sum of absolute values."""
    l2: NonNegative = 0.01
    """Factor of the sum of squares."""

    def factors(self) -> tuple[float, float]:
        """Give the factors (l1, l2)."""
        return self.l1, self.l2

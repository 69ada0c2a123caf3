"""Rectified linear unit that leaks."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation
from dltrain.core.fields import NonNegative


class LeakyRelu(Activation):
    """x where x is positive, else `negative_slope` times x."""

    backward_reads: ClassVar[Literal["x", "y"]] = "y"

    negative_slope: NonNegative = 0.2
    """Slope left of 0."""

    def numbers(self) -> tuple[float, ...]:
        """Give the constant that the kernels read."""
        return (self.negative_slope,)

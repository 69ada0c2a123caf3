"""Exponential linear unit."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation
from dltrain.core.fields import NonNegative


class Elu(Activation):
    """x where x is positive, else alpha * (exp(x) - 1).

    Source: Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289.
    """

    backward_reads: ClassVar[Literal["x", "y"]] = "y"

    alpha: NonNegative = 1.0
    """Minus the limit on the left."""

    def numbers(self) -> tuple[float, ...]:
        """Give the constant that the kernels read."""
        return (self.alpha,)

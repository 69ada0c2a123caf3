"""Gaussian error linear unit."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.core.fields import Flag


class Gelu(Activation):
    """x times the share of the normal distribution that lies below x.

    Source: Hendrycks, Gimpel 2016, arXiv:1606.08415.
    """

    approximate: Flag = False
    """Use the approximation with tanh."""

    def variant(self) -> tuple[int, ...]:
        """Give the compile-time switch of the kernels."""
        return (int(self.approximate),)

"""Scaled exponential linear unit."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation


class Selu(Activation):
    """1.0507 * elu(x) with alpha 1.6733: keeps mean 0 and variance 1 through deep networks.

    Source: Klambauer et al. 2017, arXiv:1706.02515; goes with lecun_normal.
    """

    backward_reads: ClassVar[Literal["x", "y"]] = "y"

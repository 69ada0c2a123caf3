"""Hyperbolic tangent."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation


class Tanh(Activation):
    """tanh(x), between -1 and 1."""

    backward_reads: ClassVar[Literal["x", "y"]] = "y"

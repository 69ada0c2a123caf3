"""Rectified linear unit."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation


class Relu(Activation):
    """x where x is positive, else 0."""

    backward_reads: ClassVar[Literal["x", "y"]] = "y"

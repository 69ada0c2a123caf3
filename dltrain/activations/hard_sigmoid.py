"""Sigmoid in three straight pieces."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation


class HardSigmoid(Activation):
    """x / 6 + 1 / 2, cut off below 0 and above 1."""

    backward_reads: ClassVar[Literal["x", "y"]] = "y"

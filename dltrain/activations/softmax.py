"""Softmax over the last axis."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation


class Softmax(Activation):
    """exp(x) divided by its sum over the last axis: probabilities that add up to 1."""

    backward_reads: ClassVar[Literal["x", "y"]] = "y"

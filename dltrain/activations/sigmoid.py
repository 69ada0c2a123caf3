"""Logistic function."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation


class Sigmoid(Activation):
    """1 / (1 + exp(-x)), between 0 and 1."""

    backward_reads: ClassVar[Literal["x", "y"]] = "y"

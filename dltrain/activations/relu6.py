"""Rectified linear unit with a ceiling."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation


class Relu6(Activation):
    """x cut off below 0 and above 6."""

    backward_reads: ClassVar[Literal["x", "y"]] = "y"

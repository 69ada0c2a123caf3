"""The identity."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation


class Linear(Activation):
    """x as it is."""

    backward_reads: ClassVar[Literal["x", "y"]] = "y"

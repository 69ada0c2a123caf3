"""Smooth rectifier."""

from __future__ import annotations

from dltrain.activations.base import Activation


class Softplus(Activation):
    """log(1 + exp(x)): relu with a round corner."""

"""Sigmoid linear unit."""

from __future__ import annotations

from dltrain.activations.base import Activation


class Silu(Activation):
    """x * sigmoid(x), also called swish.

    Source: Elfwing, Uchibe, Doya 2017, arXiv:1702.03118.
    """

"""Silu in straight and parabolic pieces."""

from __future__ import annotations

from dltrain.activations.base import Activation


class HardSilu(Activation):
    """x * hard_sigmoid(x).

    Source: Howard et al. 2019, arXiv:1905.02244, where it is called h-swish.
    """

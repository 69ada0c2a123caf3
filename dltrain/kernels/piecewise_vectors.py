"""Activations made of straight pieces as functions of vectors, for kernels that fuse them."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import device
from dltrain.kernels.simd import splat, where_less

LINEAR, RELU, RELU6 = 0, 1, 2
"""The kinds, as layers name them in a variant."""
ZERO, SIX = np.float32(0), np.float32(6)


def activated(width: int, kind: int):  # type: ignore[no-untyped-def]
    """Make the function that applies an activation to a vector; NaN stays NaN."""

    @device
    def apply(value):  # type: ignore[no-untyped-def]
        zero, six = splat(width, ZERO), splat(width, SIX)
        if kind != LINEAR:
            value = where_less(value, zero, zero, value)
        if kind == RELU6:
            value = where_less(six, value, six, value)
        return value

    return apply


def passed(width: int, kind: int):  # type: ignore[no-untyped-def]
    """Make the function that lets a gradient dz through where the output z is not cut off."""

    @device
    def apply(dz, z):  # type: ignore[no-untyped-def]
        zero, six = splat(width, ZERO), splat(width, SIX)
        if kind != LINEAR:
            dz = where_less(zero, z, dz, zero)
        if kind == RELU6:
            dz = where_less(z, six, dz, zero)
        return dz

    return apply

"""Activations made of straight pieces: relu and its like, forward and backward."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.elementwise import elementwise, one_constant
from dltrain.kernels.kernel import device

ZERO, HALF, ONE, THREE, SIX = (np.float32(value) for value in (0, 0.5, 1, 3, 6))
THIRD, SIXTH = np.float32(1 / 3), np.float32(1 / 6)


@device
def relu(x):  # type: ignore[no-untyped-def]
    """Give x where x is positive, else 0; NaN stays NaN."""
    return ZERO if x < ZERO else x


@device
def relu_gradient(dy, y):  # type: ignore[no-untyped-def]
    """Give dy where y is positive, else 0."""
    return dy if y > ZERO else ZERO


@device
def linear(x):  # type: ignore[no-untyped-def]
    """Give x."""
    return x


@device
def linear_gradient(dy, y):  # type: ignore[no-untyped-def]
    """Give dy."""
    return dy


@device
def relu6(x):  # type: ignore[no-untyped-def]
    """Give x cut off below 0 and above 6."""
    value = ZERO if x < ZERO else x
    return SIX if value > SIX else value


@device
def relu6_gradient(dy, y):  # type: ignore[no-untyped-def]
    """Give dy where 0 < y < 6, else 0."""
    return dy if y > ZERO and y < SIX else ZERO


@device
def leaky_relu(x, slope):  # type: ignore[no-untyped-def]
    """Give x where x is positive, else slope * x."""
    return x * slope if x < ZERO else x


@device
def leaky_relu_gradient(dy, y, slope):  # type: ignore[no-untyped-def]
    """Give dy where y is positive, else slope * dy."""
    return dy if y > ZERO else dy * slope


@device
def hard_sigmoid(x):  # type: ignore[no-untyped-def]
    """Give x / 6 + 1 / 2, cut off below 0 and above 1."""
    value = x * SIXTH + HALF
    value = ZERO if value < ZERO else value
    return ONE if value > ONE else value


@device
def hard_sigmoid_gradient(dy, y):  # type: ignore[no-untyped-def]
    """Give dy / 6 where 0 < y < 1, else 0."""
    return dy * SIXTH if y > ZERO and y < ONE else ZERO


@device
def hard_silu(x):  # type: ignore[no-untyped-def]
    """Give x * hard_sigmoid(x)."""
    return x * hard_sigmoid(x)


@device
def hard_silu_gradient(dy, x):  # type: ignore[no-untyped-def]
    """Give dy * (x / 3 + 1 / 2); 0 below x = -3, dy above 3."""
    slope = x * THIRD + HALF
    slope = ZERO if x < -THREE else slope
    return dy * (ONE if x > THREE else slope)


elementwise("relu", relu, relu_gradient)
elementwise("linear", linear, linear_gradient)
elementwise("relu6", relu6, relu6_gradient)
elementwise("leaky_relu", leaky_relu, leaky_relu_gradient, constants=one_constant)
elementwise("hard_sigmoid", hard_sigmoid, hard_sigmoid_gradient)
elementwise("hard_silu", hard_silu, hard_silu_gradient)

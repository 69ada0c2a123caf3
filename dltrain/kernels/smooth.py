"""Smooth activations: sigmoid, tanh, gelu and their like, forward and backward."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.bits import select
from dltrain.kernels.elementwise import elementwise, one_constant
from dltrain.kernels.functions import expm1, sigmoid, softplus, tanh
from dltrain.kernels.kernel import device
from dltrain.kernels.normal import normal_share, normal_slope

ZERO, ONE = np.float32(0), np.float32(1)
SCALE, ALPHA = np.float32(1.0507009873554805), np.float32(1.6732632423543772)
"""Selu's constants: with them layers keep mean 0 and variance 1. Klambauer et al. 2017."""
SLOPE, CUBE = np.float32(1.5957691216057308), np.float32(0.044715)
"""The approximate gelu is x * sigmoid(SLOPE * (x + CUBE * x**3)), SLOPE = 2 sqrt(2 / pi)."""
FAR = np.float32(30)


@device
def tanh_gradient(dy, y):  # type: ignore[no-untyped-def]
    """Give dy * (1 - y * y)."""
    return dy * (ONE - y * y)


@device
def sigmoid_gradient(dy, y):  # type: ignore[no-untyped-def]
    """Give dy * y * (1 - y)."""
    return dy * y * (ONE - y)


@device
def softplus_gradient(dy, x):  # type: ignore[no-untyped-def]
    """Give dy * sigmoid(x)."""
    return dy * sigmoid(x)


@device
def silu(x):  # type: ignore[no-untyped-def]
    """Give x * sigmoid(x)."""
    return x * sigmoid(x)


@device
def silu_gradient(dy, x):  # type: ignore[no-untyped-def]
    """Give dy * s * (1 + x * (1 - s)), s = sigmoid(x)."""
    s = sigmoid(x)
    return dy * s * (ONE + x * (ONE - s))


@device
def elu(x, alpha):  # type: ignore[no-untyped-def]
    """Give x where x is positive, else alpha * (exp(x) - 1)."""
    return select(x > ZERO, x, alpha * expm1(x))


@device
def elu_gradient(dy, y, alpha):  # type: ignore[no-untyped-def]
    """Give dy where y is positive, else dy * (y + alpha)."""
    return dy if y > ZERO else dy * (y + alpha)


@device
def selu(x):  # type: ignore[no-untyped-def]
    """Give SCALE * x where x is positive, else SCALE * ALPHA * (exp(x) - 1)."""
    return SCALE * elu(x, ALPHA)


@device
def selu_gradient(dy, y):  # type: ignore[no-untyped-def]
    """Give dy * SCALE where y is positive, else dy * (y + SCALE * ALPHA)."""
    return dy * (SCALE if y > ZERO else y + SCALE * ALPHA)


@device
def share_below(x, approximate):  # type: ignore[no-untyped-def]
    """Give the normal distribution function of x, or its approximation."""
    if approximate:
        return sigmoid(SLOPE * (x + CUBE * x * x * x))
    return normal_share(x)


@device
def gelu_slope(x, approximate):  # type: ignore[no-untyped-def]
    """Give the derivative of gelu."""
    if approximate:
        # Cut off where the slope is 0 or 1 already: x**3 would overflow, and infinity * 0 is NaN.
        t = select(x > FAR, FAR, x)
        t = select(t < -FAR, -FAR, t)
        s = sigmoid(SLOPE * (t + CUBE * t * t * t))
        return s + t * s * (ONE - s) * SLOPE * (ONE + np.float32(3) * CUBE * t * t)
    return normal_slope(x)


@device
def gelu(x, approximate):  # type: ignore[no-untyped-def]
    """Give x * normal distribution function of x."""
    return x * share_below(x, approximate)


@device
def gelu_gradient(dy, x, approximate):  # type: ignore[no-untyped-def]
    """Give dy * gelu'(x)."""
    return dy * gelu_slope(x, approximate)


elementwise("tanh", tanh, tanh_gradient)
elementwise("sigmoid", sigmoid, sigmoid_gradient)
elementwise("softplus", softplus, softplus_gradient)
elementwise("silu", silu, silu_gradient)
elementwise("elu", elu, elu_gradient, constants=one_constant)
elementwise("selu", selu, selu_gradient)
elementwise("gelu", gelu, gelu_gradient)

"""Activations made of exponentials: sigmoid, tanh, gelu and their like, forward and backward."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.bits import select
from dltrain.kernels.functions import erf, exp, expm1, sigmoid, softplus, tanh
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, number

ZERO, HALF, ONE, TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
SCALE, ALPHA = np.float32(1.0507009873554805), np.float32(1.6732632423543772)
"""Selu's constants: with them layers keep mean 0 and variance 1. Klambauer et al. 2017."""
ROOT_HALF = np.float32(0.7071067811865476)
NORMAL_PEAK = np.float32(0.3989422804014327)
"""Density of the normal distribution at 0: 1 / sqrt(2 pi)."""
SLOPE, CUBE = np.float32(1.5957691216057308), np.float32(0.044715)
"""The approximate gelu is x * sigmoid(SLOPE * (x + CUBE * x**3)), SLOPE = 2 sqrt(2 / pi)."""
FAR = np.float32(30)


@device
def share_below(x, approximate):  # type: ignore[no-untyped-def]
    """Give the normal distribution function of x, or its approximation."""
    if approximate:
        return sigmoid(SLOPE * (x + CUBE * x * x * x))
    return HALF * (ONE + erf(x * ROOT_HALF))


@device
def gelu_slope(x, approximate):  # type: ignore[no-untyped-def]
    """Give the derivative of gelu."""
    if approximate:
        # Cut off where the slope is 0 or 1 already: x**3 would overflow, and infinity * 0 is NaN.
        t = select(x > FAR, FAR, x)
        t = select(t < -FAR, -FAR, t)
        s = sigmoid(SLOPE * (t + CUBE * t * t * t))
        return s + t * s * (ONE - s) * SLOPE * (ONE + np.float32(3) * CUBE * t * t)
    return HALF * (ONE + erf(x * ROOT_HALF)) + x * NORMAL_PEAK * exp(-HALF * x * x)


@kernel
def tanh_forward():  # type: ignore[no-untyped-def]
    """y = tanh(x). Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                y[i] = tanh(x[i])

    return run


@kernel
def tanh_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy * (1 - y * y). Operands dy, y, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                value = dy[i] * (ONE - y[i] * y[i])
                dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def sigmoid_forward():  # type: ignore[no-untyped-def]
    """y = 1 / (1 + exp(-x)). Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                y[i] = sigmoid(x[i])

    return run


@kernel
def sigmoid_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy * y * (1 - y). Operands dy, y, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                value = dy[i] * y[i] * (ONE - y[i])
                dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def softplus_forward():  # type: ignore[no-untyped-def]
    """y = log(1 + exp(x)). Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                y[i] = softplus(x[i])

    return run


@kernel
def softplus_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy * sigmoid(x). Operands dy, x, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, x = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                value = dy[i] * sigmoid(x[i])
                dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def silu_forward():  # type: ignore[no-untyped-def]
    """y = x * sigmoid(x). Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                y[i] = x[i] * sigmoid(x[i])

    return run


@kernel
def silu_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy * s * (1 + x * (1 - s)), s = sigmoid(x). Operands dy, x, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, x = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                s = sigmoid(x[i])
                value = dy[i] * s * (ONE + x[i] * (ONE - s))
                dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def elu_forward():  # type: ignore[no-untyped-def]
    """y = x where x is positive, else alpha * (exp(x) - 1).

    Operands x, y; sizes rows, features; number alpha.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        alpha = np.float32(number(args, 10))
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                y[i] = select(x[i] > ZERO, x[i], alpha * expm1(x[i]))

    return run


@kernel
def elu_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy where y is positive, else dy * (y + alpha).

    Operands dy, y, dx; sizes rows, features; number alpha.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        alpha = np.float32(number(args, 14))
        for n in range(first, last):
            dy, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                value = dy[i] if y[i] > ZERO else dy[i] * (y[i] + alpha)
                dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def selu_forward():  # type: ignore[no-untyped-def]
    """y = SCALE * x where x is positive, else SCALE * ALPHA * (exp(x) - 1).

    Operands x, y; sizes rows, features.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                y[i] = SCALE * select(x[i] > ZERO, x[i], ALPHA * expm1(x[i]))

    return run


@kernel
def selu_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy * SCALE where y is positive, else dy * (y + SCALE * ALPHA).

    Operands dy, y, dx; sizes rows, features.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                value = dy[i] * (SCALE if y[i] > ZERO else y[i] + SCALE * ALPHA)
                dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def gelu_forward(approximate):  # type: ignore[no-untyped-def]
    """y = x * normal distribution function of x. Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                y[i] = x[i] * share_below(x[i], approximate)

    return run


@kernel
def gelu_backward(approximate, accumulate):  # type: ignore[no-untyped-def]
    """dx = dy * gelu'(x). Operands dy, x, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, x = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                value = dy[i] * gelu_slope(x[i], approximate)
                dx[i] = dx[i] + value if accumulate else value

    return run

"""Activations made of straight pieces: relu and its like, forward and backward."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import f32, number

ZERO, HALF, ONE, THREE, SIX = (np.float32(value) for value in (0, 0.5, 1, 3, 6))
THIRD, SIXTH = np.float32(1 / 3), np.float32(1 / 6)


@kernel
def relu_forward():  # type: ignore[no-untyped-def]
    """y = x where x is positive, else 0; NaN stays NaN. Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                y[i] = ZERO if x[i] < ZERO else x[i]

    return run


@kernel
def relu_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy where y is positive, else 0. Operands dy, y, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                value = dy[i] if y[i] > ZERO else ZERO
                dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def linear_forward():  # type: ignore[no-untyped-def]
    """y = x. Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                y[i] = x[i]

    return run


@kernel
def linear_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy. Operands dy, y, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, dx = f32(args, 0, n, lane, thread), f32(args, 2, n, lane, thread)
            for i in range(count):
                dx[i] = dx[i] + dy[i] if accumulate else dy[i]

    return run


@kernel
def relu6_forward():  # type: ignore[no-untyped-def]
    """y = x cut off below 0 and above 6. Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                value = ZERO if x[i] < ZERO else x[i]
                y[i] = SIX if value > SIX else value

    return run


@kernel
def relu6_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy where 0 < y < 6, else 0. Operands dy, y, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                value = dy[i] if y[i] > ZERO and y[i] < SIX else ZERO
                dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def leaky_relu_forward():  # type: ignore[no-untyped-def]
    """y = x where x is positive, else slope * x.

    Operands x, y; sizes rows, features; number slope.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        slope = np.float32(number(args, 10))
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                y[i] = x[i] * slope if x[i] < ZERO else x[i]

    return run


@kernel
def leaky_relu_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy where y is positive, else slope * dy.

    Operands dy, y, dx; sizes rows, features; number slope.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        slope = np.float32(number(args, 14))
        for n in range(first, last):
            dy, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                value = dy[i] if y[i] > ZERO else dy[i] * slope
                dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def hard_sigmoid_forward():  # type: ignore[no-untyped-def]
    """y = x / 6 + 1 / 2, cut off below 0 and above 1. Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                value = x[i] * SIXTH + HALF
                value = ZERO if value < ZERO else value
                y[i] = ONE if value > ONE else value

    return run


@kernel
def hard_sigmoid_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy / 6 where 0 < y < 1, else 0. Operands dy, y, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                value = dy[i] * SIXTH if y[i] > ZERO and y[i] < ONE else ZERO
                dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def hard_silu_forward():  # type: ignore[no-untyped-def]
    """y = x * hard_sigmoid(x). Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8] * args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(count):
                value = x[i] * SIXTH + HALF
                value = ZERO if value < ZERO else value
                y[i] = x[i] * (ONE if value > ONE else value)

    return run


@kernel
def hard_silu_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy * (x / 3 + 1 / 2); 0 below x = -3, dy above 3.

    Operands dy, x, dx; sizes rows, features.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            dy, x = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                slope = x[i] * THIRD + HALF
                slope = ZERO if x[i] < -THREE else slope
                value = dy[i] * (ONE if x[i] > THREE else slope)
                dx[i] = dx[i] + value if accumulate else value

    return run

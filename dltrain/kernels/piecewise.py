"""Activations made of straight pieces: relu and its like, forward and backward."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import f32

ZERO = np.float32(0)


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

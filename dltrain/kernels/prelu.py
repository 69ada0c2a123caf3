"""A rectifier whose slope left of 0 is learnt, forward and backward.

Sizes of both kernels: three extents that make up a sample, and how far apart the slopes of the
first two lie. Along the last, slopes lie side by side, or there is one for all (`shared`).
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32

NOTHING = np.float32(0)


@kernel
def prelu_forward(shared):  # type: ignore[no-untyped-def]
    """y = x where x is positive, else alpha * x. Operands x, alpha, y."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        outer, middle, inner = args[12], args[13], args[14]
        for n in range(first, last):
            x, alpha = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            y = f32(args, 2, n, lane, thread)
            for i in range(outer):
                for j in range(middle):
                    at, place = (i * middle + j) * inner, i * args[15] + j * args[16]
                    for k in range(inner):
                        slope = alpha[place] if shared else alpha[place + k]
                        value = x[at + k]
                        y[at + k] = value * slope if value < NOTHING else value

    return run


@device
def give_gradient(dy, x, alpha, dx, at, place, count, shared, mode):  # type: ignore[no-untyped-def]
    """dx = dy where x is positive, else dy * alpha."""
    for k in range(count):
        slope = alpha[place] if shared else alpha[place + k]
        value = dy[at + k] if x[at + k] > NOTHING else dy[at + k] * slope
        dx[at + k] = dx[at + k] + value if mode == 2 else value


@device
def add_slopes(dy, x, dalpha, at, place, count, shared):  # type: ignore[no-untyped-def]
    """Add dy * x, where x is not positive, to the gradient of alpha."""
    if shared:
        total = 0.0
        for k in range(at, at + count):
            total += np.float64(NOTHING if x[k] > NOTHING else dy[k] * x[k])
        dalpha[place] += np.float32(total)
    else:
        for k in range(count):
            dalpha[place + k] += NOTHING if x[at + k] > NOTHING else dy[at + k] * x[at + k]


@kernel
def prelu_backward(shared, learnt, mode):  # type: ignore[no-untyped-def]
    """Give the gradient of x and, where alpha is `learnt`, add to its own.

    Operands dy, x, alpha, dx, dalpha. Mode 0 leaves dx alone, 1 stores it, 2 adds to it.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        outer, middle, inner = args[20], args[21], args[22]
        for n in range(first, last):
            dy, x = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            alpha, dx = f32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
            dalpha = f32(args, 4, n, lane, thread)
            for i in range(outer):
                for j in range(middle):
                    at, place = (i * middle + j) * inner, i * args[23] + j * args[24]
                    if mode:
                        give_gradient(dy, x, alpha, dx, at, place, inner, shared, mode)
                    if learnt:
                        add_slopes(dy, x, dalpha, at, place, inner, shared)

    return run

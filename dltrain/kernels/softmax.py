"""Softmax over the last axis."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.functions import exp
from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import f32
from dltrain.kernels.rows import top_of

ZERO, ONE = np.float32(0), np.float32(1)


@kernel
def softmax_forward():  # type: ignore[no-untyped-def]
    """y = exp(x) / sum(exp(x)) for each row. Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, features = args[8], args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for row in range(rows):
                start = row * features
                top = top_of(x, start, features)
                for i in range(start, start + features):
                    y[i] = x[i] - top
            # One loop over all rows: short rows alone would not fill a vector.
            for i in range(rows * features):
                y[i] = exp(y[i])
            for row in range(rows):
                start = row * features
                total = ZERO
                for i in range(start, start + features):
                    total += y[i]
                scale = ONE / total
                for i in range(start, start + features):
                    y[i] = y[i] * scale

    return run


@kernel
def softmax_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = y * (dy - sum(dy * y)) for each row. Operands dy, y, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, features = args[12], args[13]
        for n in range(first, last):
            dy, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for row in range(rows):
                start = row * features
                dot = ZERO
                for i in range(start, start + features):
                    dot += dy[i] * y[i]
                for i in range(start, start + features):
                    value = y[i] * (dy[i] - dot)
                    dx[i] = dx[i] + value if accumulate else value

    return run

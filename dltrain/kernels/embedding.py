"""Rows of a table by their numbers, and the gradient of the table."""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import BATCH
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64
from dltrain.kernels.rearrange import clear, copy

NOT_A_NUMBER = np.float32(np.nan)


@device
def row_of(x, t, rows):  # type: ignore[no-untyped-def]
    """Give the row that x[t] names, -1 where there is none."""
    number = x[t]
    return np.int64(number) if number >= np.float32(0) and number < np.float32(rows) else -1


@kernel
def embedding_forward():  # type: ignore[no-untyped-def]
    """Look up rows; one that is not there is all NaN, so that the loss tells.

    Operands x (time,), w (rows, features), y (time, features). Sizes: time, rows, features.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, rows, features = args[12], args[13], args[14]
        w = f32(args, 1, 0, lane, thread)
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 2, n, lane, thread)
            for t in range(time):
                row = row_of(x, t, rows)
                if row >= 0:
                    copy(w, row * features, y, t * features, features)
                else:
                    for k in range(t * features, (t + 1) * features):
                        y[k] = NOT_A_NUMBER

    return run


@device
def add_rows(x, dy, dw, time, rows, features, low, high):  # type: ignore[no-untyped-def]
    """Add the gradients of one sample to rows low to high of the table."""
    for t in range(time):
        row = row_of(x, t, rows)
        if row >= low and row < high:
            for k in range(features):
                dw[row * features + k] += dy[t * features + k]


@kernel
def embedding_gradient():  # type: ignore[no-untyped-def]
    """Add the gradients of a lane's samples to those of the table.

    Operands x (time,), dy (time, features), dw (rows, features). Sizes: time, rows, features.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, rows, features = args[12], args[13], args[14]
        for n in range(first, last):
            x, dy = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dw = f32(args, 2, n, lane, thread)
            add_rows(x, dy, dw, time, rows, features, 0, rows)

    return run


@kernel
def embedding_gradient_whole(accumulate):  # type: ignore[no-untyped-def]
    """Give rows [first, last) of the table's gradient, of all samples of the batch, or add them.

    Operands x (time,), dy (time, features), cells, dw (rows, features). Sizes as those above.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, rows, features = args[16], args[17], args[18]
        dw = f32(args, 3, 0, 0, 0)
        if not accumulate:
            clear(dw, first * features, last * features)
        for n in range(np.int64(f64(args, 2, 0, 0, 0)[BATCH])):
            x, dy = f32(args, 0, n, 0, 0), f32(args, 1, n, 0, 0)
            add_rows(x, dy, dw, time, rows, features, first, last)

    return run

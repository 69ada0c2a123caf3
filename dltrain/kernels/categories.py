"""Vectors of which some columns are numbers of categories: rows of tables in their places."""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import BATCH
from dltrain.kernels.embedding import NOT_A_NUMBER, row_of
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64
from dltrain.kernels.rearrange import clear, copy


@kernel
def pick_columns():  # type: ignore[no-untyped-def]
    """Put some columns side by side.

    Operands x (columns,), y (outputs,). Sizes: columns, how many are picked, and which.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for k in range(count):
                y[k] = x[args[10 + k]]

    return run


@kernel
def pick_columns_backward(accumulate):  # type: ignore[no-untyped-def]
    """Give the gradient of columns: that of their copies, 0 for those that are not picked.

    Operands dy (outputs,), dx (columns,). Sizes as those above.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        columns, count = args[8], args[9]
        for n in range(first, last):
            dy, dx = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            if not accumulate:
                clear(dx, 0, columns)
            for k in range(count):
                dx[args[10 + k]] += dy[k]

    return run


@kernel
def category_forward():  # type: ignore[no-untyped-def]
    """Look up the row of a category; one that is not there is all NaN, so that the loss tells.

    Operands x (columns,), w (rows, features), y (outputs,). Sizes: column, rows, features, place
    in y.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        column, rows, features, place = args[12], args[13], args[14], args[15]
        w = f32(args, 1, 0, lane, thread)
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 2, n, lane, thread)
            row = row_of(x, column, rows)
            if row >= 0:
                copy(w, row * features, y, place, features)
            else:
                for k in range(place, place + features):
                    y[k] = NOT_A_NUMBER

    return run


@device
def add_row(x, dy, dw, column, rows, features, place, low, high):  # type: ignore[no-untyped-def]
    """Add the gradient of one sample to rows low to high of the table."""
    row = row_of(x, column, rows)
    if row >= low and row < high:
        for k in range(features):
            dw[row * features + k] += dy[place + k]


@kernel
def category_gradient():  # type: ignore[no-untyped-def]
    """Add the gradients of a lane's samples to those of the table.

    Operands x (columns,), dy (outputs,), dw (rows, features). Sizes as those of `category_forward`.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        column, rows, features, place = args[12], args[13], args[14], args[15]
        for n in range(first, last):
            x, dy = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dw = f32(args, 2, n, lane, thread)
            add_row(x, dy, dw, column, rows, features, place, 0, rows)

    return run


@kernel
def category_gradient_whole():  # type: ignore[no-untyped-def]
    """Give rows [first, last) of the table's gradient, of all samples of the batch.

    Operands x (columns,), dy (outputs,), cells, dw (rows, features). Sizes as those above.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        column, rows, features, place = args[16], args[17], args[18], args[19]
        dw = f32(args, 3, 0, 0, 0)
        clear(dw, first * features, last * features)
        for n in range(np.int64(f64(args, 2, 0, 0, 0)[BATCH])):
            x, dy = f32(args, 0, n, 0, 0), f32(args, 1, n, 0, 0)
            add_row(x, dy, dw, column, rows, features, place, first, last)

    return run

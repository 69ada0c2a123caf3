"""After the lanes: their gradients become one, regularized, and the step is judged finite."""

from __future__ import annotations

import math

import numpy as np

from dltrain.core.cells import LANES, NORM, PENALTY, STATUS
from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import f32, f64, number

NOTHING = np.float32(0)
ONE = np.float32(1)


@kernel
def fold_transposed():  # type: ignore[no-untyped-def]
    """Sum lane gradients [columns, rows] in lane order into a parameter [rows, columns].

    Operands lane gradients (the first lane's are overwritten), sum. Sizes: rows, columns. First and
    last are columns.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, columns, cells = args[12], args[13], f64(args, 2, 0, 0, 0)
        total, whole = f32(args, 0, 0, 0, 0), f32(args, 1, 0, 0, 0)
        for index in range(1, np.int64(cells[LANES])):
            part = f32(args, 0, 0, index, 0)
            for k in range(first * rows, last * rows):
                total[k] += part[k]
        for row in range(rows):
            for column in range(first, last):
                whole[row * columns + column] = total[column * rows + row]

    return run


@kernel
def fold(regularized, summed):  # type: ignore[no-untyped-def]
    """Sum lane gradients in lane order into elements [first, last) of a parameter's gradient.

    With `summed` the gradient holds the sum already.

    Operands lane gradients, w, gradient, squares, penalties, cells. Sizes: the number of this
    parameter's first chunk, elements of a chunk. Numbers: l1, l2. Each chunk leaves its sum of
    squares and its penalty, in float64.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        w, gradient = f32(args, 1, 0, 0, 0), f32(args, 2, 0, 0, 0)
        squares, penalties = f64(args, 3, 0, 0, 0), f64(args, 4, 0, 0, 0)
        cells = f64(args, 5, 0, 0, 0)
        if not summed:
            part = f32(args, 0, 0, 0, 0)
            for k in range(first, last):
                gradient[k] = part[k]
            for index in range(1, np.int64(cells[LANES])):
                part = f32(args, 0, 0, index, 0)
                for k in range(first, last):
                    gradient[k] += part[k]
        penalty = 0.0
        if regularized:
            l1, l2 = number(args, 26), number(args, 27)
            slope, twice = np.float32(l1), np.float32(2 * l2)
            for k in range(first, last):
                sign = ONE if w[k] > NOTHING else (-ONE if w[k] < NOTHING else NOTHING)
                gradient[k] += slope * sign + twice * w[k]
                penalty += l1 * abs(w[k]) + l2 * (np.float64(w[k]) * w[k])
        total = 0.0
        for k in range(first, last):
            total += np.float64(gradient[k]) * gradient[k]
        chunk = args[24] + first // args[25]
        squares[chunk] = total
        penalties[chunk] = penalty

    return run


@kernel
def finish():  # type: ignore[no-untyped-def]
    """Add up what the chunks left and judge the step: a loss or gradient not finite stops it.

    Operands loss totals, squares, penalties, cells. Size: chunks.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        squares, penalties = f64(args, 1, 0, 0, 0), f64(args, 2, 0, 0, 0)
        cells = f64(args, 3, 0, 0, 0)
        loss = 0.0
        for index in range(np.int64(cells[LANES])):
            loss += f64(args, 0, 0, index, 0)[0]
        total, penalty = 0.0, 0.0
        for k in range(args[16]):
            total += squares[k]
            penalty += penalties[k]
        cells[PENALTY] = penalty
        cells[NORM] = math.sqrt(total)
        if not (math.isfinite(loss + penalty) and math.isfinite(total)):
            cells[STATUS] = 1.0

    return run

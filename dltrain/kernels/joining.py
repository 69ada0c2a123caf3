"""Where branches of a network meet: sums, the largest, and runs of numbers side by side."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import OPERAND, f32, u8

NOTHING = np.float32(0)


@kernel
def add_forward():  # type: ignore[no-untyped-def]
    """y = a + b; y may be a. Operands a, b, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[12] * args[13]
        for n in range(first, last):
            a, b = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            y = f32(args, 2, n, lane, thread)
            for i in range(count):
                y[i] = a[i] + b[i]

    return run


@kernel
def maximum_forward(coded, begins):  # type: ignore[no-untyped-def]
    """y = the larger of a and b, a where they are equal; NaN is larger than any number. y may be a.

    Operands a, b, y, codes (uint8, the number of the input that y came from); sizes elements, the
    number of b. Where the row `begins`, a is input 0; later codes are known for it.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count, mine = args[16], np.uint8(args[17])
        for n in range(first, last):
            a, b = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            y, codes = f32(args, 2, n, lane, thread), u8(args, 3, n, lane, thread)
            for i in range(count):
                best, value = a[i], b[i]
                better = value > best or (value != value and best == best)
                y[i] = value if better else best
                if coded:
                    codes[i] = mine if better else (np.uint8(0) if begins else codes[i])

    return run


@kernel
def maximum_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy where x was largest, else 0. Operands dy, codes, dx; sizes elements, x's number."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count, mine = args[12], np.uint8(args[13])
        for n in range(first, last):
            dy, codes = f32(args, 0, n, lane, thread), u8(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(count):
                part = dy[i] if codes[i] == mine else NOTHING
                dx[i] = dx[i] + part if accumulate else part

    return run


@kernel
def concatenate(inputs):  # type: ignore[no-untyped-def]
    """Put rows of several inputs side by side. Operands the inputs, y; sizes rows, each width."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        sizes = (inputs + 1) * OPERAND
        rows, wide = args[sizes], 0
        for k in range(inputs):
            wide += args[sizes + 1 + k]
        for n in range(first, last):
            y, start = f32(args, inputs, n, lane, thread), 0
            for k in range(inputs):
                x, width = f32(args, k, n, lane, thread), args[sizes + 1 + k]
                for row in range(rows):
                    source, place = row * width, row * wide + start
                    for i in range(width):
                        y[place + i] = x[source + i]
                start += width

    return run


@kernel
def copy_run(accumulate):  # type: ignore[no-untyped-def]
    """Copy or add a run of each row to a place in a row of another width.

    Operands x, y. Sizes: rows, length of the run, width of a row of x, where the run starts in it,
    the same two of y.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, length, x_width, x_start = args[8], args[9], args[10], args[11]
        y_width, y_start = args[12], args[13]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for row in range(rows):
                source, place = row * x_width + x_start, row * y_width + y_start
                for i in range(length):
                    value = x[source + i]
                    y[place + i] = y[place + i] + value if accumulate else value

    return run

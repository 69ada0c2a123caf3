"""Max pooling of a convolution's output while it is in cache, relu included, and the way back."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import f32, u8
from dltrain.kernels.scatter import NO_GRADIENT

NOTHING = np.float32(0)
NONE = np.uint8(NO_GRADIENT)


@kernel
def pool_forward(high, wide, relu, coded):  # type: ignore[no-untyped-def]
    """Take the largest of each window, then relu. NaN is larger than any number.

    Operands x, y, codes (uint8, position of the largest in its window, the first of equals). Sizes:
    output rows, output columns, channels, columns of x. Windows do not overlap.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, columns, channels, x_columns = args[12], args[13], args[14], args[15]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            codes = u8(args, 2, n, lane, thread)
            for i in range(rows):
                for j in range(columns):
                    corner = (i * high * x_columns + j * wide) * channels
                    at = (i * columns + j) * channels
                    for c in range(channels):
                        best, code = x[corner + c], np.uint8(0)
                        for a in range(high):
                            for b in range(wide):
                                value = x[corner + (a * x_columns + b) * channels + c]
                                better = value > best or (value != value and best == best)
                                best = value if better else best
                                code = np.uint8(a * wide + b) if better else code
                        if relu:
                            code = NONE if best <= NOTHING else code
                            best = NOTHING if best < NOTHING else best
                        y[at + c] = best
                        if coded:
                            codes[at + c] = code

    return run


@kernel
def unpool(high, wide, bias):  # type: ignore[no-untyped-def]
    """Give each window's gradient to its largest element, 0 to the others; sum it for the bias.

    Operands dy, codes, dx, db. Sizes: rows and columns of dy, channels, columns of dx.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, columns, channels, x_columns = args[16], args[17], args[18], args[19]
        for n in range(first, last):
            dy, codes = f32(args, 0, n, lane, thread), u8(args, 1, n, lane, thread)
            dx, db = f32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
            for i in range(rows):
                for j in range(columns):
                    corner = (i * high * x_columns + j * wide) * channels
                    at = (i * columns + j) * channels
                    for a in range(high):
                        for b in range(wide):
                            place = corner + (a * x_columns + b) * channels
                            code = np.uint8(a * wide + b)
                            for c in range(channels):
                                dx[place + c] = dy[at + c] if codes[at + c] == code else NOTHING
                    if bias:
                        for c in range(channels):
                            db[c] += NOTHING if codes[at + c] == NONE else dy[at + c]

    return run

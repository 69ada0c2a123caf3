"""Convolutions and dense layers, forward and both gradients, as strips of register tiles.

A tiling (width, mr, mr_tail, nv, nv_tail, masked) says how rows and columns are cut: full tiles of
mr rows and nv vectors, then the literal rests; `masked` when the last vector is not full. With
`halves` both factors are words of two bfloat16: `x` and `w` below have half as many columns and
rows, of channels or, for gradients of kernels, pixels.
"""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import BATCH
from dltrain.kernels.bfloat16_tile import bfloat16_strip
from dltrain.kernels.integers import extents
from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import address, f64
from dltrain.kernels.tile import Rows, Scalars, Sizes, Vectors, streamed_strip, strip

STRIPS = (strip, bfloat16_strip)
"""What makes strips of tiles, of factors in float32 or of `halves`."""


@kernel
def convolve(width, mr, mr_tail, nv, nv_tail, masked, init, relu, halves=0, shared=0):  # type: ignore[no-untyped-def]
    """Slide a kernel over padded images: y = x * w (+ bias, relu). Where `shared`, rows of one.

    Operands x, w, bias, y. Sizes: groups, output rows, full tiles per row, full column blocks, rest
    columns; strides of x per group, output row, output column; of w per group; of y per group,
    output row, output column; then the sum: outer, inner, length, x outer, x inner, w outer,
    w inner, w row; then where x, w and y begin.
    """
    emit = STRIPS[halves]

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        groups, blocks = args[16], args[19]
        x_group, w_group, y_group = args[21], args[24], args[25]
        begin, end, top, bottom = extents(shared, first, last, args[17])
        whole = Sizes(bottom - top, args[18], args[28], args[29], args[30], 0)
        rest = Sizes(bottom - top, args[18], args[28], args[29], args[30], args[20])
        x_top, y_top = args[36] + top * args[22], args[38] + top * args[26]
        for n in range(begin, end):
            for g in range(groups):
                x = address(args, 0, n, lane, thread) + 4 * (g * x_group + x_top)
                w = address(args, 1, n, lane, thread) + 4 * (g * w_group + args[37])
                bias = address(args, 2, n, lane, thread) + 4 * g * y_group
                y = address(args, 3, n, lane, thread) + 4 * (g * y_group + y_top)
                a = Scalars(x, args[22], args[23], args[31], args[32], 1)
                for j in range(blocks):
                    at = 4 * j * nv * width
                    b = Vectors(w + at, args[33], args[34], args[35])
                    c = Rows(y + at, args[26], args[27])
                    emit(width, mr, mr_tail, nv, 0, init, relu, a, b, bias + at, c, whole)
                at = 4 * blocks * nv * width
                b = Vectors(w + at, args[33], args[34], args[35])
                c = Rows(y + at, args[26], args[27])
                emit(width, mr, mr_tail, nv_tail, masked, init, relu, a, b, bias + at, c, rest)

    return run


@kernel
def convolve_weights(width, mr, mr_tail, nv, nv_tail, masked, halves=0):  # type: ignore[no-untyped-def]
    """Add the kernel's gradient of one padded image: dw += x * dy.

    Operands x, dy, dw. Sizes: groups, kernel rows, kernel columns, full tiles of a run, full column
    blocks, rest columns; strides of x per group, kernel row, kernel column; of dy per group; of dw
    per group, kernel row, kernel column, row; then the sum over pixels: output rows, output
    columns; x per output row, output column; dy per output row, output column; where dy begins. A
    run is the part of a kernel whose inputs lie side by side.
    """
    emit = STRIPS[halves]

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        groups, high, wide, blocks = args[12], args[13], args[14], args[16]
        whole = Sizes(high, args[15], args[26], 1, args[27], 0)
        rest = Sizes(high, args[15], args[26], 1, args[27], args[17])
        for n in range(first, last):
            for g in range(groups):
                for k in range(wide):
                    x = address(args, 0, n, lane, thread) + 4 * (g * args[18] + k * args[20])
                    dy = address(args, 1, n, lane, thread) + 4 * (g * args[21] + args[32])
                    dw = address(args, 2, n, lane, thread) + 4 * (g * args[22] + k * args[24])
                    a = Scalars(x, args[19], 1, args[28], 0, args[29])
                    for j in range(blocks):
                        at = 4 * j * nv * width
                        b = Vectors(dy + at, args[30], 0, args[31])
                        c = Rows(dw + at, args[23], args[25])
                        emit(width, mr, mr_tail, nv, 0, 2, 0, a, b, 0, c, whole)
                    at = 4 * blocks * nv * width
                    b = Vectors(dy + at, args[30], 0, args[31])
                    c = Rows(dw + at, args[23], args[25])
                    emit(width, mr, mr_tail, nv_tail, masked, 2, 0, a, b, 0, c, rest)

    return run


@kernel
def multiply(width, mr, mr_tail, nv, nv_tail, masked, init, relu, halves=0):  # type: ignore[no-untyped-def]
    """Multiply the rows of all samples by a matrix: y = x w (+ bias, relu).

    Operands x, w, bias, y. Sizes: rows per sample, inputs, columns, full column blocks, rest
    columns; elements of w from block to block, from row to row. The number of rows is known at run
    time only, so the rest is taken row by row.
    """
    emit = STRIPS[halves]

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, inputs, columns, blocks = (last - first) * args[16], args[17], args[18], args[19]
        apart, down = args[21], args[22]
        x, w = address(args, 0, first, lane, thread), address(args, 1, first, lane, thread)
        bias, y = address(args, 2, first, lane, thread), address(args, 3, first, lane, thread)
        tiles, singles = rows // mr, rows % mr
        x_rest, y_rest = x + 4 * tiles * mr * inputs, y + 4 * tiles * mr * columns
        for j in range(blocks + 1):
            at = 4 * j * nv * width
            b = Vectors(w + 4 * j * apart, 0, 0, down)
            a, c = Scalars(x, 0, inputs, 0, 0, 1), Rows(y + at, 0, columns)
            a_rest, c_rest = Scalars(x_rest, 0, inputs, 0, 0, 1), Rows(y_rest + at, 0, columns)
            if j < blocks:
                sizes, rest = Sizes(1, tiles, 1, 1, inputs, 0), Sizes(1, singles, 1, 1, inputs, 0)
                emit(width, mr, 0, nv, 0, init, relu, a, b, bias + at, c, sizes)
                emit(width, 1, 0, nv, 0, init, relu, a_rest, b, bias + at, c_rest, rest)
            else:
                sizes = Sizes(1, tiles, 1, 1, inputs, args[20])
                rest = Sizes(1, singles, 1, 1, inputs, args[20])
                emit(width, mr, 0, nv_tail, masked, init, relu, a, b, bias + at, c, sizes)
                emit(width, 1, 0, nv_tail, masked, init, relu, a_rest, b, bias + at, c_rest, rest)

    return run


@kernel
def multiply_columns(width, mr, mr_tail, nv, nv_tail, masked, init, relu):  # type: ignore[no-untyped-def]
    """Give blocks [first, last) of columns of all rows of the batch: y = x w (+ bias, relu).

    Operands x, w, bias, cells, y. Sizes: rows per sample, inputs, columns, full column blocks, rest
    columns; elements of w from block to block, from row to row. Rows beyond whole tiles are taken
    one by one.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows = np.int64(f64(args, 3, 0, 0, 0)[BATCH]) * args[20]
        inputs, columns, blocks, apart, down = args[21], args[22], args[23], args[25], args[26]
        x, w = address(args, 0, 0, 0, 0), address(args, 1, 0, 0, 0)
        bias, y = address(args, 2, 0, 0, 0), address(args, 4, 0, 0, 0)
        tiles, singles = rows // mr, rows % mr
        x_rest, y_rest = x + 4 * tiles * mr * inputs, y + 4 * tiles * mr * columns
        sizes, rest = (
            Sizes(1, tiles, 1, 1, inputs, args[24]),
            Sizes(1, singles, 1, 1, inputs, args[24]),
        )
        a, a_rest = Scalars(x, 0, inputs, 0, 0, 1), Scalars(x_rest, 0, inputs, 0, 0, 1)
        for j in range(first, last):
            at = 4 * j * nv * width
            b = Vectors(w + 4 * j * apart, 0, 0, down)
            c, c_rest = Rows(y + at, 0, columns), Rows(y_rest + at, 0, columns)
            if j < blocks:
                streamed_strip(width, mr, 0, nv, 0, init, relu, a, b, bias + at, c, sizes)
                streamed_strip(width, 1, 0, nv, 0, init, relu, a_rest, b, bias + at, c_rest, rest)
            else:
                streamed_strip(width, mr, 0, nv_tail, masked, init, relu, a, b, bias + at, c, sizes)
                streamed_strip(
                    width, 1, 0, nv_tail, masked, init, relu, a_rest, b, bias + at, c_rest, rest
                )

    return run

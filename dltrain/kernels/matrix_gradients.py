"""The gradient of a matrix that multiplied rows: x^T dy, over the rows of a lane or of the batch.

Rows are taken in some at a time: their numbers stay near while all tiles of the gradient meet them,
and those of the next ones are fetched meanwhile. x lies in memory that was written long before: a
tile, which reads a few numbers of each row, would wait for each of them.
"""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import BATCH
from dltrain.kernels.bfloat16_tile import fetching_bfloat16_strip
from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f64
from dltrain.kernels.tile import Ahead, Rows, Scalars, Sizes, Vectors, fetching_strip

STRIPS = (fetching_strip, fetching_bfloat16_strip)
"""What makes strips of tiles, of factors in float32 or of `halves`."""
TOGETHER = 64
"""Rows that are taken in at a time."""


def adding_rows(width, mr, mr_tail, nv, nv_tail, masked, halves, init):  # type: ignore[no-untyped-def]
    """Make the function of dw = start + x^T dy over `count` rows, for a part of dw.

    `part` is features, full column blocks, rest columns; `strides` elements from row to row
    of x and of dy.
    """
    emit, block = STRIPS[halves], nv * width

    @device
    def add_rows(x, dy, dw, part, strides, count):  # type: ignore[no-untyped-def]
        features, blocks, singles = part
        inputs, columns = strides
        tiles, rest = features // mr, np.int64(features % mr > 0)
        x_rest, dw_rest = x + 4 * tiles * mr, dw + 4 * tiles * mr * columns
        a, a_rest = Scalars(x, 0, 1, 0, 0, inputs), Scalars(x_rest, 0, 1, 0, 0, inputs)
        whole, single = Sizes(1, tiles, 1, 1, count, 0), Sizes(1, rest, 1, 1, count, 0)
        ahead = Ahead(TOGETHER * inputs, TOGETHER * columns)
        for j in range(blocks):
            at = 4 * j * block
            b, c = Vectors(dy + at, 0, 0, columns), Rows(dw + at, 0, columns)
            c_rest = Rows(dw_rest + at, 0, columns)
            emit(width, mr, 0, nv, 0, init, 0, a, b, 0, c, whole, ahead)
            emit(width, mr_tail, 0, nv, 0, init, 0, a_rest, b, 0, c_rest, single, ahead)
        if singles > 0:
            at = 4 * blocks * block
            b, c = Vectors(dy + at, 0, 0, columns), Rows(dw + at, 0, columns)
            c_rest = Rows(dw_rest + at, 0, columns)
            last = singles % width
            whole, single = Sizes(1, tiles, 1, 1, count, last), Sizes(1, rest, 1, 1, count, last)
            emit(width, mr, 0, nv_tail, masked, init, 0, a, b, 0, c, whole, ahead)
            emit(width, mr_tail, 0, nv_tail, masked, init, 0, a_rest, b, 0, c_rest, single, ahead)

    return add_rows


def adding_all_rows(width, mr, mr_tail, nv, nv_tail, masked, halves, init):  # type: ignore[no-untyped-def]
    """Make the function of dw = start + x^T dy over all `rows`, some at a time."""
    begin = adding_rows(width, mr, mr_tail, nv, nv_tail, masked, halves, init)
    go_on = adding_rows(width, mr, mr_tail, nv, nv_tail, masked, halves, 2)

    @device
    def add_all(x, dy, dw, part, strides, rows):  # type: ignore[no-untyped-def]
        begin(x, dy, dw, part, strides, smaller(rows, TOGETHER))
        for r in range(TOGETHER, rows, TOGETHER):
            x_here, dy_here = x + 4 * r * strides[0], dy + 4 * r * strides[1]
            go_on(x_here, dy_here, dw, part, strides, smaller(rows - r, TOGETHER))

    return add_all


@kernel
def multiply_weights(width, mr, mr_tail, nv, nv_tail, masked, init):  # type: ignore[no-untyped-def]
    """Give a matrix's gradient over all rows of a lane's samples: dw = x^T dy, or dw += (init 2).

    Operands x, dy, dw. Sizes: rows per sample, inputs, columns.
    """
    add_all = adding_all_rows(width, mr, mr_tail, nv, nv_tail, masked, 0, init)
    block = nv * width

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, inputs, columns = (last - first) * args[12], args[13], args[14]
        x, dy = address(args, 0, first, lane, thread), address(args, 1, first, lane, thread)
        part = (inputs, columns // block, columns % block)
        add_all(x, dy, address(args, 2, first, lane, thread), part, (inputs, columns), rows)

    return run


@kernel
def multiply_weights_whole(width, mr, mr_tail, nv, nv_tail, masked, across, halves, init):  # type: ignore[no-untyped-def]
    """Give a part of a matrix's gradient over the whole batch: dw = x^T dy, or dw += (init 2).

    Operands x, dy, cells, dw. Sizes: rows per sample, inputs, columns. First and last are rows of
    dw, first a multiple of mr and last too, or the number of inputs; or, `across`, columns: whole
    blocks of nv vectors, but for the last one.
    """
    add_all = adding_all_rows(width, mr, mr_tail, nv, nv_tail, masked, halves, init)
    block = nv * width

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        inputs, columns = args[17], args[18]
        rows = np.int64(f64(args, 2, 0, 0, 0)[BATCH]) * args[16]
        if halves:
            rows = (rows + 1) // 2
        x, dy = address(args, 0, 0, 0, 0), address(args, 1, 0, 0, 0)
        dw, strides = address(args, 3, 0, 0, 0), (inputs, columns)
        if across:
            part = (inputs, (last - first) // block, (last - first) % block)
            add_all(x, dy + 4 * first, dw + 4 * first, part, strides, rows)
        else:
            part = (last - first, columns // block, columns % block)
            add_all(x + 4 * first, dy, dw + 4 * first * columns, part, strides, rows)

    return run

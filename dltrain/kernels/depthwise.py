"""Depthwise convolutions: every channel has one kernel of its own, and no sum runs over channels.

Channels lie side by side, so a vector holds neighbouring channels of one pixel, and the register
tile multiplies them with the same channels of the kernel. Rows of a tile are pixels of an output
row or, for the kernel's gradient, columns of the kernel; a tiling is that of `contraction`. Images
are padded already. The input's gradient is `convolve_depthwise` of the spread output gradient and
the kernel turned over.
"""

from __future__ import annotations

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import address, f32
from dltrain.kernels.tile import Rows, Scalars, Sizes, Vectors, paired_strip


@kernel
def convolve_depthwise(width, mr, mr_tail, nv, nv_tail, masked, init, relu):  # type: ignore[no-untyped-def]
    """Slide each channel's kernel over its channel of one padded image: y = x * w (+ bias, relu).

    Operands x (height, width, channels), w (kernel height, kernel width, channels), bias
    (channels,), y (rows, columns, channels). Sizes: rows, full tiles per row, full blocks of
    channels, rest channels; channels; kernel height, kernel width; strides of x per output row,
    output column, kernel row, kernel column; stride of y per row. Init 0 stores, 1 begins with the
    bias, 2 adds to y.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, tiles, blocks, rest = args[16], args[17], args[18], args[19]
        channels, high, wide = args[20], args[21], args[22]
        down, across, x_high, x_wide, y_down = args[23], args[24], args[25], args[26], args[27]
        for n in range(first, last):
            x, w = address(args, 0, n, lane, thread), address(args, 1, n, lane, thread)
            bias, y = address(args, 2, n, lane, thread), address(args, 3, n, lane, thread)
            for i in range(rows):
                for j in range(blocks):
                    at = 4 * j * nv * width
                    a = Scalars(x + 4 * i * down + at, 0, across, x_high, 0, x_wide)
                    b = Vectors(w + at, wide * channels, 0, channels)
                    c = Rows(y + 4 * i * y_down + at, 0, channels)
                    sizes = Sizes(1, tiles, high, 1, wide, 0)
                    paired_strip(width, mr, mr_tail, nv, 0, init, relu, a, b, bias + at, c, sizes)
                at = 4 * blocks * nv * width
                a = Scalars(x + 4 * i * down + at, 0, across, x_high, 0, x_wide)
                b = Vectors(w + at, wide * channels, 0, channels)
                c = Rows(y + 4 * i * y_down + at, 0, channels)
                sizes = Sizes(1, tiles, high, 1, wide, rest)
                paired_strip(
                    width, mr, mr_tail, nv_tail, masked, init, relu, a, b, bias + at, c, sizes
                )

    return run


@kernel
def convolve_depthwise_weights(width, mr, mr_tail, nv, nv_tail, masked):  # type: ignore[no-untyped-def]
    """Add the kernel's gradient of one padded image: dw += x * dy.

    Operands x (height, width, channels), dy (rows, columns, channels), dw (kernel height, kernel
    width, channels). Sizes: rows and columns of dy, rows of a band; full tiles per kernel row, full
    blocks of channels, rest channels; channels; kernel height, kernel width; strides of x per
    output row, output column, kernel row, kernel column; of dy per row, column; where dy begins.
    All channels pass over one band before the next, so that it is read from cache.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, columns, band = args[12], args[13], args[14]
        tiles, blocks, rest = args[15], args[16], args[17]
        channels, high, wide = args[18], args[19], args[20]
        down, across, x_high, x_wide = args[21], args[22], args[23], args[24]
        dy_down, dy_across, offset = args[25], args[26], args[27]
        for n in range(first, last):
            x, dy = address(args, 0, n, lane, thread), address(args, 1, n, lane, thread)
            dw = address(args, 2, n, lane, thread)
            top = 0
            while top < rows:
                seen = band if top + band < rows else rows - top
                x_top, dy_top = x + 4 * top * down, dy + 4 * (offset + top * dy_down)
                for j in range(blocks):
                    at = 4 * j * nv * width
                    a = Scalars(x_top + at, x_high, x_wide, down, 0, across)
                    b = Vectors(dy_top + at, dy_down, 0, dy_across)
                    c = Rows(dw + at, wide * channels, channels)
                    sizes = Sizes(high, tiles, seen, 1, columns, 0)
                    paired_strip(width, mr, mr_tail, nv, 0, 2, 0, a, b, 0, c, sizes)
                at = 4 * blocks * nv * width
                a = Scalars(x_top + at, x_high, x_wide, down, 0, across)
                b = Vectors(dy_top + at, dy_down, 0, dy_across)
                c = Rows(dw + at, wide * channels, channels)
                sizes = Sizes(high, tiles, seen, 1, columns, rest)
                paired_strip(width, mr, mr_tail, nv_tail, masked, 2, 0, a, b, 0, c, sizes)
                top += band

    return run


@kernel
def repeat_channels():  # type: ignore[no-untyped-def]
    """Write every channel several times, side by side.

    Operands x, y. Sizes: pixels, channels of x, times.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count, times = args[8] * args[9], args[10]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for k in range(count):
                for m in range(times):
                    y[k * times + m] = x[k]

    return run


@kernel
def sum_repeats(accumulate):  # type: ignore[no-untyped-def]
    """Sum what belongs to one channel, storing or adding it.

    Operands x, y. Sizes: pixels, channels of y, times.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count, times = args[8] * args[9], args[10]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for k in range(count):
                total = x[k * times]
                for m in range(1, times):
                    total += x[k * times + m]
                y[k] = y[k] + total if accumulate else total

    return run

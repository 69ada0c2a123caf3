"""Pooling over windows that may overlap, hang over the edge or be the whole image.

Images are channels last, so the innermost loops run over channels. Sizes of all kernels here:
height, width, channels of x; rows, columns of y; height, width of a window; its strides; cells
before x. Means take four more: cells above, left of, below and right of x that count as zeros.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.integers import extents, larger_of, smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, i32, u8

NOTHING = np.float32(0)
ONE = np.float32(1)


@device
def overlap(at, stride, before, size, extent):  # type: ignore[no-untyped-def]
    """Give where a window starts on an axis, and its first and last + 1 cells that are on x."""
    start = at * stride - before
    return start, larger_of(0, -start), smaller(size, extent - start)


@device
def largest(args, k, x, y, codes, coded, first_row, last_row):  # type: ignore[no-untyped-def]
    """Take the largest of each window, the first of equals; NaN is larger than any number."""
    height, width, channels, columns = args[k], args[k + 1], args[k + 2], args[k + 4]
    for i in range(first_row, last_row):
        top, a0, a1 = overlap(i, args[k + 7], args[k + 9], args[k + 5], height)
        for j in range(columns):
            left, b0, b1 = overlap(j, args[k + 8], args[k + 10], args[k + 6], width)
            at = (i * columns + j) * channels
            cell = ((top + a0) * width + left + b0) * channels
            code = a0 * args[k + 6] + b0
            for c in range(channels):
                y[at + c] = x[cell + c]
                if coded:
                    codes[at + c] = code
            for a in range(a0, a1):
                for b in range(b0, b1):
                    cell = ((top + a) * width + left + b) * channels
                    code = a * args[k + 6] + b
                    for c in range(channels):
                        value, best = x[cell + c], y[at + c]
                        better = value > best or (value != value and best == best)
                        y[at + c] = value if better else best
                        if coded:
                            codes[at + c] = code if better else codes[at + c]


@device
def give_back(args, k, dy, codes, dx, accumulate):  # type: ignore[no-untyped-def]
    """Add each window's gradient to the cell that was largest."""
    height, width, channels, rows, columns = (
        args[k],
        args[k + 1],
        args[k + 2],
        args[k + 3],
        args[k + 4],
    )
    if not accumulate:
        for e in range(height * width * channels):
            dx[e] = NOTHING
    for i in range(rows):
        top, a0, a1 = overlap(i, args[k + 7], args[k + 9], args[k + 5], height)
        for j in range(columns):
            left, b0, b1 = overlap(j, args[k + 8], args[k + 10], args[k + 6], width)
            at = (i * columns + j) * channels
            for a in range(a0, a1):
                for b in range(b0, b1):
                    cell = ((top + a) * width + left + b) * channels
                    code = a * args[k + 6] + b
                    for c in range(channels):
                        dx[cell + c] += dy[at + c] if codes[at + c] == code else NOTHING


@kernel
def max_pool_forward(code_bytes, shared=0):  # type: ignore[no-untyped-def]
    """Take the largest of each window. Operands x, y, codes (its place; not if code_bytes is 0).

    Where `shared`, rows of y of one image.
    """

    def small(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        begin, end, top, bottom = extents(shared, first, last, args[15])
        for n in range(begin, end):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            largest(args, 12, x, y, u8(args, 2, n, lane, thread), code_bytes, top, bottom)

    def large(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        begin, end, top, bottom = extents(shared, first, last, args[15])
        for n in range(begin, end):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            largest(args, 12, x, y, i32(args, 2, n, lane, thread), code_bytes, top, bottom)

    return large if code_bytes > 1 else small


@kernel
def max_pool_backward(code_bytes, accumulate):  # type: ignore[no-untyped-def]
    """Give each window's gradient to its largest cell. Operands dy, codes, dx."""

    def small(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        for n in range(first, last):
            dy, dx = f32(args, 0, n, lane, thread), f32(args, 2, n, lane, thread)
            give_back(args, 12, dy, u8(args, 1, n, lane, thread), dx, accumulate)

    def large(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        for n in range(first, last):
            dy, dx = f32(args, 0, n, lane, thread), f32(args, 2, n, lane, thread)
            give_back(args, 12, dy, i32(args, 1, n, lane, thread), dx, accumulate)

    return large if code_bytes > 1 else small


@device
def clear_rest(dx, height, width, channels, covered_high, covered_wide):  # type: ignore[no-untyped-def]
    """Set the cells right of and below all windows to 0."""
    for i in range(covered_high):
        for e in range((i * width + covered_wide) * channels, (i + 1) * width * channels):
            dx[e] = NOTHING
    for e in range(covered_high * width * channels, height * width * channels):
        dx[e] = NOTHING


@kernel
def max_pool_tiled_backward(high, wide, accumulate):  # type: ignore[no-untyped-def]
    """As max_pool_backward for windows side by side: every cell is written once."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, rows, columns = args[12], args[13], args[14], args[15], args[16]
        for n in range(first, last):
            dy, codes = f32(args, 0, n, lane, thread), u8(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for i in range(rows):
                for j in range(columns):
                    at = (i * columns + j) * channels
                    corner = (i * high * width + j * wide) * channels
                    for c in range(channels):
                        value, chosen = dy[at + c], codes[at + c]
                        for a in range(high):
                            for b in range(wide):
                                cell = corner + (a * width + b) * channels + c
                                part = value if chosen == np.uint8(a * wide + b) else NOTHING
                                dx[cell] = dx[cell] + part if accumulate else part
            if not accumulate:
                clear_rest(dx, height, width, channels, rows * high, columns * wide)

    return run


@device
def sum_row(x, cell, count, channels, sums):  # type: ignore[no-untyped-def]
    """Sum cells that lie side by side."""
    for c in range(channels):
        sums[c] = x[cell + c]
    for b in range(1, count):
        for c in range(channels):
            sums[c] += x[cell + b * channels + c]


@device
def sum_window(x, cell, rows, down, count, channels, sums, y, at):  # type: ignore[no-untyped-def]
    """Sum the cells of a window row by row."""
    sum_row(x, cell, count, channels, sums)
    for c in range(channels):
        y[at + c] = sums[c]
    for a in range(1, rows):
        sum_row(x, cell + a * down, count, channels, sums)
        for c in range(channels):
            y[at + c] += sums[c]


@device
def counting(at, stride, before, size, extent, ahead, behind):  # type: ignore[no-untyped-def]
    """Count the cells of a window that are on x or on the cells ahead of and behind it."""
    start = at * stride - before
    return smaller(start + size, extent + behind) - larger_of(start, -ahead)


@kernel
def average_pool_forward():  # type: ignore[no-untyped-def]
    """Take the mean of the cells of each window that count. Operands x, y, sums.

    `sums` (channels,) holds one row of a window, so that large windows are summed row by row: the
    rounding of a float32 sum grows with its length.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, rows, columns = args[12], args[13], args[14], args[15], args[16]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            sums = f32(args, 2, n, lane, thread)
            for i in range(rows):
                top, a0, a1 = overlap(i, args[19], args[21], args[17], height)
                high = counting(i, args[19], args[21], args[17], height, args[23], args[25])
                for j in range(columns):
                    left, b0, b1 = overlap(j, args[20], args[22], args[18], width)
                    wide = counting(j, args[20], args[22], args[18], width, args[24], args[26])
                    at = (i * columns + j) * channels
                    cell, down = ((top + a0) * width + left + b0) * channels, width * channels
                    sum_window(x, cell, a1 - a0, down, b1 - b0, channels, sums, y, at)
                    share = ONE / np.float32(high * wide)
                    for c in range(channels):
                        y[at + c] *= share

    return run


@device
def share_out(  # type: ignore[no-untyped-def]
    dx, cell, rows, down, count, channels, dy, at, share, stored
):
    """Give a share of a window's gradient to each of its cells."""
    for a in range(rows):
        for b in range(count):
            place = cell + a * down + b * channels
            for c in range(channels):
                part = dy[at + c] * share
                dx[place + c] = part if stored else dx[place + c] + part


@kernel
def average_pool_backward(tiled, accumulate):  # type: ignore[no-untyped-def]
    """Share each window's gradient among its cells. Operands dy, dx.

    `tiled` windows stand side by side within x: every cell is written once.
    """
    stored = int(tiled and not accumulate)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, rows, columns = args[8], args[9], args[10], args[11], args[12]
        for n in range(first, last):
            dy, dx = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            if stored:
                clear_rest(dx, height, width, channels, rows * args[13], columns * args[14])
            elif not accumulate:
                for e in range(height * width * channels):
                    dx[e] = NOTHING
            for i in range(rows):
                top, a0, a1 = overlap(i, args[15], args[17], args[13], height)
                high = counting(i, args[15], args[17], args[13], height, args[19], args[21])
                for j in range(columns):
                    left, b0, b1 = overlap(j, args[16], args[18], args[14], width)
                    wide = counting(j, args[16], args[18], args[14], width, args[20], args[22])
                    at = (i * columns + j) * channels
                    cell, down = ((top + a0) * width + left + b0) * channels, width * channels
                    share = ONE / np.float32(high * wide)
                    share_out(dx, cell, a1 - a0, down, b1 - b0, channels, dy, at, share, stored)

    return run

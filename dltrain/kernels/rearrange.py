"""Copies in another order: padded images, flipped kernels; and the sums of bias gradients."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32
from dltrain.kernels.transposed import turn_square

NOTHING = np.float32(0)


@device
def clear(y, start, stop):  # type: ignore[no-untyped-def]
    """Set y[start:stop] to zero."""
    for k in range(start, stop):
        y[k] = NOTHING


@device
def copy(x, start, y, place, count):  # type: ignore[no-untyped-def]
    """Copy `count` numbers from x[start] on to y[place] on."""
    for k in range(count):
        y[place + k] = x[start + k]


@device
def spread(x, start, y, row, wide, width, left, across, channels):  # type: ignore[no-untyped-def]
    """Copy `width` pixels to every `across`-th pixel of a row of y, zeros between and around."""
    for q in range(wide):
        j = (q - left) // across
        place = row + q * channels
        if q >= left and j < width and (q - left) == j * across:
            copy(x, start + j * channels, y, place, channels)
        else:
            clear(y, place, place + channels)


@kernel
def pad():  # type: ignore[no-untyped-def]
    """Copy an image into a larger one of zeros, its pixels `step` apart.

    Operands x, y. Sizes: height, width, channels; height and width of y; top, left (negative
    crops); vertical and horizontal step.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, high, wide = args[8], args[9], args[10], args[11], args[12]
        top, left, down, across = args[13], args[14], args[15], args[16]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for p in range(high):
                i = (p - top) // down
                filled = p >= top and i < height and (p - top) == i * down
                row, start = p * wide * channels, i * width * channels
                if not filled:
                    clear(y, row, row + wide * channels)
                elif across == 1 and left >= 0 and left + width <= wide:
                    place, end = row + left * channels, row + (left + width) * channels
                    clear(y, row, place)
                    copy(x, start, y, place, width * channels)
                    clear(y, end, row + wide * channels)
                else:
                    spread(x, start, y, row, wide, width, left, across, channels)

    return run


@kernel
def gather_windows():  # type: ignore[no-untyped-def]
    """Write what lies under each position of a kernel as one row.

    Operands x (a padded image), y (positions, window). Sizes: rows and columns of positions; rows
    of a window, pixels of its rows, channels; strides of x per row and column of positions, row and
    pixel of the window.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        high, wide, rows, pixels, channels = args[8], args[9], args[10], args[11], args[12]
        down, across, row_step, pixel_step = args[13], args[14], args[15], args[16]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            place = 0
            for i in range(high):
                for j in range(wide):
                    for r in range(rows):
                        start = i * down + j * across + r * row_step
                        if pixel_step == channels:
                            copy(x, start, y, place, pixels * channels)
                            place += pixels * channels
                        else:
                            for p in range(pixels):
                                copy(x, start + p * pixel_step, y, place, channels)
                                place += channels

    return run


@kernel
def block_columns():  # type: ignore[no-untyped-def]
    """Lay out each block of a matrix's columns in one piece, for rows [first, last) of the matrix.

    Operands w, y (blocks, rows, columns of a block). Sizes: rows, columns, columns of a block.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, columns, block = args[8], args[9], args[10]
        w, y = f32(args, 0, 0, 0, 0), f32(args, 1, 0, 0, 0)
        for i in range(first, last):
            at = 0
            while at < columns:
                place = at * rows + i * block
                copy(w, i * columns + at, y, place, smaller(block, columns - at))
                at += block

    return run


@kernel
def turn_blocks(width):  # type: ignore[no-untyped-def]
    """Lay out rows [first, last) of a transposed matrix, each block of columns in one piece.

    Operands w (columns, rows), y (blocks, rows, columns of a block). Sizes: columns, rows, columns
    of a block, a multiple of the width.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        columns, rows, block = args[8], args[9], args[10]
        w, y = address(args, 0, 0, 0, 0), address(args, 1, 0, 0, 0)
        for row in range(first, last, width):
            count = smaller(width, last - row)
            for c in range(0, columns, width):
                before = c // block * block
                here, there = c * rows + row, before * rows + row * block + c - before
                turn_square(
                    width, w + 4 * here, 4 * rows, y + 4 * there, 4 * block,
                    smaller(width, columns - c), count,
                )  # fmt: skip

    return run


@kernel
def flip(width):  # type: ignore[no-untyped-def]
    """Turn kernels [positions, in, out] over for the input gradient: [positions reversed, out, in].

    Operands w, y. Sizes: positions, inputs of a group, outputs of all groups, groups. First and
    last are rows of y: position and output within a group.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, inputs, outputs, groups = args[8], args[9], args[10], args[11]
        w, y = address(args, 0, 0, lane, thread), address(args, 1, 0, lane, thread)
        part, ahead = outputs // groups, 4 * groups * inputs
        row = first
        while row < last:
            p, o = row // part, row % part
            count = smaller(smaller(width, last - row), part - o)
            source = w + 4 * ((positions - 1 - p) * inputs * outputs + o)
            for g in range(groups):
                for i in range(0, inputs, width):
                    here = source + 4 * (i * outputs + g * part)
                    there = y + row * ahead + 4 * (g * inputs + i)
                    columns = smaller(width, inputs - i)
                    turn_square(width, here, 4 * outputs, there, ahead, columns, count)
            row += count

    return run


@kernel
def bias_gradient(relu, mode):  # type: ignore[no-untyped-def]
    """Stop the gradient where relu was 0, and sum it over the rows of all samples.

    Operands y, dy (changed in place), db. Sizes: rows per sample, features. Mode 0 leaves db alone,
    1 stores it, 2 adds to it.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, features = args[12], args[13]
        db = f32(args, 2, first, lane, thread)
        if mode == 1:
            for c in range(features):
                db[c] = NOTHING
        for n in range(first, last):
            y, dy = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for row in range(rows):
                at = row * features
                if relu:
                    for c in range(features):
                        # Where y is NaN the gradient goes on, so that NaN is seen.
                        dy[at + c] = NOTHING if y[at + c] <= NOTHING else dy[at + c]
                if mode:
                    for c in range(features):
                        db[c] += dy[at + c]

    return run


@kernel
def fill_zero():  # type: ignore[no-untyped-def]
    """Set a lane's sums to zero. Operand y; size: words of four bytes."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        y = f32(args, 0, first, lane, thread)
        for k in range(args[4]):
            y[k] = NOTHING

    return run


@kernel
def reverse_steps(accumulate):  # type: ignore[no-untyped-def]
    """Give the steps of sequences last to first. Operands x, y; sizes: time, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, features = args[8], args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for t in range(time):
                there, here = t * features, (time - 1 - t) * features
                for k in range(features):
                    value = x[here + k]
                    y[there + k] = y[there + k] + value if accumulate else value

    return run


@kernel
def crop(accumulate):  # type: ignore[no-untyped-def]
    """Cut an image out of a padded one, storing it or adding it.

    Operands x, y. Sizes: height, width, channels of y; height and width of x; top, left.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, wide = args[8], args[9], args[10], args[12]
        top, left = args[13], args[14]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(height):
                start, place = ((i + top) * wide + left) * channels, i * width * channels
                for k in range(width * channels):
                    value = x[start + k]
                    y[place + k] = y[place + k] + value if accumulate else value

    return run

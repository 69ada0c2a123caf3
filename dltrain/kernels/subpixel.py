"""Images that a convolution makes larger: it gives all pixels of a block as channels of one."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32

NOTHING = np.float32(0)


@device
def turn(w, source, y, place, step, count, inputs, outputs):  # type: ignore[no-untyped-def]
    """Turn `count` columns of w [inputs, outputs] into rows of y; a negative source gives zeros."""
    for f in range(inputs):
        start = source + f * outputs
        for k in range(count):
            y[place + k * step + f] = w[start + k] if source >= 0 else NOTHING


@kernel
def fold_kernel():  # type: ignore[no-untyped-def]
    """Gather what a kernel adds to each pixel of a block, for blocks as large as the strides.

    Operands w [high, wide, inputs, outputs], y [blocks down, blocks across, outputs, pixels down,
    pixels across, inputs], blocks in reverse, zeros where the kernel ends. Sizes: high, wide,
    inputs, outputs; blocks across; all blocks; pixels down, pixels across. First and last are rows
    of y: block and output. They are taken by sixteens, so that each line of w is read once.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        high, wide, inputs, outputs = args[8], args[9], args[10], args[11]
        across, blocks, down, right = args[12], args[13], args[14], args[15]
        w, y = f32(args, 0, 0, lane, thread), f32(args, 1, 0, lane, thread)
        step, row = down * right * inputs, first
        while row < last:
            block, o = blocks - 1 - row // outputs, row % outputs
            count = smaller(smaller(16, last - row), outputs - o)
            top, left = block // across * down, block % across * right
            for p in range(down):
                for q in range(right):
                    inside = top + p < high and left + q < wide
                    source = ((top + p) * wide + left + q) * inputs * outputs + o
                    place = row * step + (p * right + q) * inputs
                    turn(w, source if inside else -1, y, place, step, count, inputs, outputs)
            row += count

    return run


@kernel
def repeat_rows():  # type: ignore[no-untyped-def]
    """Write a row several times. Operands x, y; size: its length. First and last are rows of y."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        count = args[8]
        x, y = f32(args, 0, 0, lane, thread), f32(args, 1, 0, lane, thread)
        for row in range(first, last):
            for c in range(count):
                y[row * count + c] = x[c]

    return run


@kernel
def unfold_blocks():  # type: ignore[no-untyped-def]
    """Lay the pixels of blocks side by side, and cut an image out of them.

    Operands x [rows, columns, pixels down, pixels across, channels], y (height, width, channels).
    Sizes: height, width, channels; columns; pixels down, pixels across; top, left of the image.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, columns = args[8], args[9], args[10], args[11]
        down, right, top, left = args[12], args[13], args[14], args[15]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            place = 0
            for i in range(height):
                row, p = (top + i) // down * columns, (top + i) % down
                for j in range(width):
                    cell, q = row + (left + j) // right, (left + j) % right
                    start = ((cell * down + p) * right + q) * channels
                    for c in range(channels):
                        y[place + c] = x[start + c]
                    place += channels

    return run

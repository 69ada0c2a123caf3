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
    """Gather what a kernel adds to each pixel of a block.

    Operands w [high, wide, inputs, outputs], y [blocks down, blocks across, outputs, pixels down,
    pixels across, inputs], blocks in reverse, zeros where the kernel ends. Sizes: high, wide,
    inputs, outputs; blocks across; all blocks; pixels down, pixels across; height, width of a
    block. First and last are rows of y: block and output. They are taken by sixteens, so that each
    line of w is read once.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        high, wide, inputs, outputs = args[8], args[9], args[10], args[11]
        across, blocks, down, right = args[12], args[13], args[14], args[15]
        block_high, block_wide = args[16], args[17]
        w, y = f32(args, 0, 0, lane, thread), f32(args, 1, 0, lane, thread)
        step, row = down * right * inputs, first
        while row < last:
            block, o = blocks - 1 - row // outputs, row % outputs
            count = smaller(smaller(16, last - row), outputs - o)
            top, left = block // across * block_high, block % across * block_wide
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
def unfold_blocks(accumulate):  # type: ignore[no-untyped-def]
    """Lay the pixels of blocks side by side, and cut an image out of them, storing or adding it.

    Operands x [rows, columns, pixels down, pixels across, channels], y (height, width, channels).
    Sizes: height, width, channels; columns; pixels down, pixels across; height, width of a block;
    top, left of the image. Pixels of a block that x does not hold are zeros.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, columns = args[8], args[9], args[10], args[11]
        down, right, high, wide = args[12], args[13], args[14], args[15]
        top, left = args[16], args[17]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            place = 0
            for i in range(height):
                row, p = (top + i) // high * columns, (top + i) % high
                for j in range(width):
                    cell, q = row + (left + j) // wide, (left + j) % wide
                    start = ((cell * down + p) * right + q) * channels
                    held = p < down and q < right
                    if accumulate and held:
                        for c in range(channels):
                            y[place + c] += x[start + c]
                    elif not accumulate:
                        for c in range(channels):
                            y[place + c] = x[start + c] if held else NOTHING
                    place += channels

    return run

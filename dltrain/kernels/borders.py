"""Borders of images, beside `pad` and `crop` of `rearrange`."""

from __future__ import annotations

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import f32


@kernel
def add_within():  # type: ignore[no-untyped-def]
    """Add an image to the part of a larger one that it was cut from.

    Operands x, y. Sizes: height, width, channels of x; width of y; top, left.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, run_length, step = args[8], args[9] * args[10], args[11] * args[10]
        corner = args[12] * step + args[13] * args[10]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(height):
                start, place = i * run_length, corner + i * step
                for k in range(run_length):
                    y[place + k] += x[start + k]

    return run

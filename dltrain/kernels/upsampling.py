"""Images made larger by whole numbers: pixels repeated, or numbers between them.

Sizes of all kernels here: height, width, channels of the small image; vertical and horizontal
times. The way back gives each small pixel what the large ones took of it.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.integers import larger_of, smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32

NOTHING = np.float32(0)
ONE = np.float32(1)


@device
def add_share(x, at, y, place, count, share):  # type: ignore[no-untyped-def]
    """Add a share of x[at:] to y[place:]."""
    for c in range(count):
        y[place + c] += share * x[at + c]


@device
def neighbours(at, times, extent):  # type: ignore[no-untyped-def]
    """Give the two small cells that a large one lies between, and its way from one to the other.

    Its middle is at (at + 1/2) / times - 1/2 of the small axis; beyond the ends lies the end again.
    """
    twice = 2 * at + 1 - times
    low = twice // (2 * times)
    way = np.float32(twice - 2 * times * low) / np.float32(2 * times)
    return larger_of(low, 0), smaller(low + 1, extent - 1), way


@kernel
def repeat_pixels():  # type: ignore[no-untyped-def]
    """Write every pixel several times, down and across. Operands x, y."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, down, across = args[8], args[9], args[10], args[11], args[12]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            place = 0
            for i in range(height * down):
                for j in range(width):
                    cell = (i // down * width + j) * channels
                    for _ in range(across):
                        for c in range(channels):
                            y[place + c] = x[cell + c]
                        place += channels

    return run


@kernel
def sum_pixels(accumulate):  # type: ignore[no-untyped-def]
    """Sum what was written for each pixel, storing or adding it. Operands dy, dx."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, down, across = args[8], args[9], args[10], args[11], args[12]
        row = width * across * channels
        for n in range(first, last):
            dy, dx = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(height):
                for j in range(width):
                    cell, corner = (i * width + j) * channels, (i * down * width + j) * across
                    if not accumulate:
                        for c in range(channels):
                            dx[cell + c] = NOTHING
                    for a in range(down):
                        for b in range(across):
                            at = a * row + (corner + b) * channels
                            for c in range(channels):
                                dx[cell + c] += dy[at + c]

    return run


@kernel
def interpolate_pixels():  # type: ignore[no-untyped-def]
    """Write the numbers between four pixels, by their distance. Operands x, y."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, down, across = args[8], args[9], args[10], args[11], args[12]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            place = 0
            for i in range(height * down):
                top, bottom, fall = neighbours(i, down, height)
                for j in range(width * across):
                    left, right, step = neighbours(j, across, width)
                    a, b = (top * width + left) * channels, (top * width + right) * channels
                    d, e = (bottom * width + left) * channels, (bottom * width + right) * channels
                    for c in range(channels):
                        above = x[a + c] * (ONE - step) + x[b + c] * step
                        below = x[d + c] * (ONE - step) + x[e + c] * step
                        y[place + c] = above * (ONE - fall) + below * fall
                    place += channels

    return run


@kernel
def share_pixels(accumulate):  # type: ignore[no-untyped-def]
    """Share each number's gradient among the four pixels it lay between. Operands dy, dx."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, width, channels, down, across = args[8], args[9], args[10], args[11], args[12]
        for n in range(first, last):
            dy, dx = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            if not accumulate:
                for e in range(height * width * channels):
                    dx[e] = NOTHING
            at = 0
            for i in range(height * down):
                top, bottom, fall = neighbours(i, down, height)
                for j in range(width * across):
                    left, right, step = neighbours(j, across, width)
                    a, b = (top * width + left) * channels, (top * width + right) * channels
                    d, e = (bottom * width + left) * channels, (bottom * width + right) * channels
                    add_share(dy, at, dx, a, channels, (ONE - fall) * (ONE - step))
                    add_share(dy, at, dx, b, channels, (ONE - fall) * step)
                    add_share(dy, at, dx, d, channels, fall * (ONE - step))
                    add_share(dy, at, dx, e, channels, fall * step)
                    at += channels

    return run

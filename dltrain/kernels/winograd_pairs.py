"""Winograd's tiles in words of bfloat16 for the gradients of kernels: numbers of two tiles each.

The two are neighbours in a row; the second of a last odd one is zero.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.bfloat16 import paired
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.simd import load, splat, store, store_first
from dltrain.kernels.winograd_moves import moving_images

ZERO = np.float32(0)


def putting(width):  # type: ignore[no-untyped-def]
    """Make the function that stores four vectors of words, of four numbers of two tiles."""

    @device
    def put(out, low, high, room):  # type: ignore[no-untyped-def]
        if room < width:
            store_first(out, paired(low, high), room)
        else:
            store(out, paired(low, high))

    @device
    def put_row(out, apart, room, a, b, c, d, e, f, g, h):  # type: ignore[no-untyped-def]
        put(out, a, e, room)
        put(out + apart, b, f, room)
        put(out + 2 * apart, c, g, room)
        put(out + 3 * apart, d, h, room)

    return put_row


def moving_inputs(width):  # type: ignore[no-untyped-def]
    """Make the function that moves two tiles of 4x4 inputs, or one and zeros, to 16 words."""
    put_row = putting(width)

    @device
    def column(x, down, r):  # type: ignore[no-untyped-def]
        """Give number r of B' times a column."""
        if r == 0:
            return load(width, x) - load(width, x + 2 * down)
        if r == 1:
            return load(width, x + down) + load(width, x + 2 * down)
        if r == 2:
            return load(width, x + 2 * down) - load(width, x + down)
        return load(width, x + down) - load(width, x + 3 * down)

    def moving_row(r):  # type: ignore[no-untyped-def]
        @device
        def move_row(x, down, across, out, apart, room, both):  # type: ignore[no-untyped-def]
            a, b = column(x, down, r), column(x + across, down, r)
            c, d = column(x + 2 * across, down, r), column(x + 3 * across, down, r)
            zero = splat(width, ZERO)
            e, f, g, h = zero, zero, zero, zero
            if both:
                i, j = column(x + 4 * across, down, r), column(x + 5 * across, down, r)
                e, f, g, h = c - i, d + i, i - d, d - j
            put_row(out, apart, room, a - c, b + c, c - b, b - d, e, f, g, h)

        return move_row

    first, second, third, fourth = moving_row(0), moving_row(1), moving_row(2), moving_row(3)

    @device
    def move(x, down, across, out, apart, room, both):  # type: ignore[no-untyped-def]
        first(x, down, across, out, apart, room, both)
        second(x, down, across, out + 4 * apart, apart, room, both)
        third(x, down, across, out + 8 * apart, apart, room, both)
        fourth(x, down, across, out + 12 * apart, apart, room, both)

    return move


def moving_changes(width):  # type: ignore[no-untyped-def]
    """Make the function that moves two tiles of 2x2 output gradients, or one, to 16 words."""
    put_row = putting(width)

    @device
    def move_row(out, apart, room, a, b, c, d):  # type: ignore[no-untyped-def]
        zero = splat(width, ZERO)
        put_row(out, apart, room, a, a + b, a - b, zero - b, c, c + d, c - d, zero - d)

    @device
    def move(x, down, across, out, apart, room, both):  # type: ignore[no-untyped-def]
        zero = splat(width, ZERO)
        a, b = load(width, x), load(width, x + across)
        e, f = load(width, x + down), load(width, x + down + across)
        c, d, g, h = zero, zero, zero, zero
        if both:
            c, d = load(width, x + 2 * across), load(width, x + 3 * across)
            g, h = load(width, x + down + 2 * across), load(width, x + down + 3 * across)
        move_row(out, apart, room, a, b, c, d)
        move_row(out + 4 * apart, apart, room, a + e, b + f, c + g, d + h)
        move_row(out + 8 * apart, apart, room, a - e, b - f, c - g, d - h)
        move_row(out + 12 * apart, apart, room, zero - e, zero - f, zero - g, zero - h)

    return move


def over_pairs(width, move):  # type: ignore[no-untyped-def]
    """Make the function that moves all tiles of an image, two at a time, by `move`."""

    @device
    def take_in(x, down, across, z, apart, high, wide, channels):  # type: ignore[no-untyped-def]
        for i in range(high):
            for j in range(0, wide, 2):
                corner, both = x + 2 * (i * down + j * across), j + 1 < wide
                c = 0
                while c < channels:
                    here, there = corner + 4 * c, z + 4 * c
                    move(here, down, across, there, apart, channels - c, both)
                    c += width
                z += 4 * channels

    return take_in


@kernel
def winograd_input_pairs(width):  # type: ignore[no-untyped-def]
    """Move all tiles of padded images, two in a word. Operands and sizes as `winograd_input`."""
    return moving_images(over_pairs(width, moving_inputs(width)), 2)


@kernel
def winograd_gradient_pairs(width):  # type: ignore[no-untyped-def]
    """Move all tiles of output gradients, two in a word. Operands and sizes the same."""
    return moving_images(over_pairs(width, moving_changes(width)), 2)

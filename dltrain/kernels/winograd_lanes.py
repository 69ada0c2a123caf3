"""Winograd's gradient of a 3x3 kernel, lane by lane, of factors rounded to bfloat16.

    dw = G' [(B' x B) (A dy A')] G

Words hold the numbers of two neighbouring tiles of a row; the second of a last odd one is zero.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.bfloat16 import paired
from dltrain.kernels.bfloat16_tile import bfloat16_strip
from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32
from dltrain.kernels.rearrange import clear
from dltrain.kernels.simd import load, splat, store, store_first
from dltrain.kernels.tile import Rows, Scalars, Sizes, Vectors
from dltrain.kernels.winograd_moves import POSITIONS
from dltrain.kernels.winograd_weights import moving_gradient_back

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


def multiplying(width, mr, mr_tail, nv, nv_tail, masked):  # type: ignore[no-untyped-def]
    """Make the function that adds the products of `count` words of tiles to the 16 numbers."""

    @device
    def multiply(tiles, changes, du, count, inputs, outputs, whole, full, rest):  # type: ignore[no-untyped-def]
        for p in range(POSITIONS):
            a = Scalars(tiles + 4 * p * count * inputs, 0, 1, 0, 0, inputs)
            dy, z = changes + 4 * p * count * outputs, du + 4 * p * inputs * outputs
            sizes, last = Sizes(1, whole, 1, 1, count, 0), Sizes(1, whole, 1, 1, count, rest)
            for j in range(full):
                at = 4 * j * nv * width
                b, c = Vectors(dy + at, 0, 0, outputs), Rows(z + at, 0, outputs)
                bfloat16_strip(width, mr, mr_tail, nv, 0, 2, 0, a, b, 0, c, sizes)
            at = 4 * full * nv * width
            b, c = Vectors(dy + at, 0, 0, outputs), Rows(z + at, 0, outputs)
            bfloat16_strip(width, mr, mr_tail, nv_tail, masked, 2, 0, a, b, 0, c, last)

    return multiply


@kernel
def winograd_lane_weights(width, mr, mr_tail, nv, nv_tail, masked, start):  # type: ignore[no-untyped-def]
    """Give the kernel's gradient of a lane, a few images at a time: dw = x * dy, or dw += x * dy.

    Operands x (rows, columns, inputs), dy, dw (3, 3, inputs, outputs), tiles and changes (16, words
    of some images, inputs or outputs), du (16, inputs, outputs); the last three are a thread's
    own. Sizes: rows and columns of tiles, images at a time, inputs, outputs, columns of x, columns
    from row to row of dy, where dy begins, full tiles of mr inputs, full blocks, rest columns.
    """
    take_in, take_changes = (
        over_pairs(width, moving_inputs(width)),
        over_pairs(width, moving_changes(width)),
    )
    multiply = multiplying(width, mr, mr_tail, nv, nv_tail, masked)
    back = moving_gradient_back(width, start)

    @device
    def finish(du, dw, inputs, outputs):  # type: ignore[no-untyped-def]
        apart = 4 * inputs * outputs
        for i in range(inputs):
            c = 0
            while c < outputs:
                at = 4 * (i * outputs + c)
                back(du + at, apart, dw + at, apart, outputs - c)
                c += width

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        high, wide, step, inputs, outputs = args[24], args[25], args[26], args[27], args[28]
        columns, dy_columns, begin = args[29], args[30], args[31]
        tiles, changes = address(args, 3, 0, lane, thread), address(args, 4, 0, lane, thread)
        du, pairs = address(args, 5, 0, lane, thread), high * ((wide + 1) // 2)
        clear(f32(args, 5, 0, lane, thread), 0, POSITIONS * inputs * outputs)
        n = first
        while n < last:
            count = smaller(step, last - n)
            apart, dy_apart = 4 * count * pairs * inputs, 4 * count * pairs * outputs
            for k in range(count):
                x = address(args, 0, n + k, lane, thread)
                dy = address(args, 1, n + k, lane, thread) + 4 * begin
                take_in(
                    x, 4 * columns * inputs, 4 * inputs, tiles + 4 * k * pairs * inputs, apart,
                    high, wide, inputs,
                )  # fmt: skip
                take_changes(
                    dy, 4 * dy_columns * outputs, 4 * outputs, changes + 4 * k * pairs * outputs,
                    dy_apart, high, wide, outputs,
                )  # fmt: skip
            multiply(
                tiles, changes, du, count * pairs, inputs, outputs, args[32], args[33], args[34]
            )
            n += count
        finish(du, address(args, 2, 0, lane, thread), inputs, outputs)

    return run

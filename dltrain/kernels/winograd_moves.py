"""Between images and the numbers of Winograd's tiles: sums of neighbours, for vectors of channels.

A tile of 4x4 inputs becomes the 16 numbers of B' x B, a 2x2 tile of an output's gradient those of
A dy A', and 16 numbers of products become the 2x2 outputs of A' z A. `apart` is how many bytes lie
between the numbers of a tile. `halves` rounds them, to words of two channels.
"""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import BATCH
from dltrain.kernels.kernel import device
from dltrain.kernels.memory import address, f64
from dltrain.kernels.piecewise_vectors import activated
from dltrain.kernels.simd import load, splat
from dltrain.kernels.storing import storing

POSITIONS = 16
"""Numbers of a transformed tile."""
ZERO = np.float32(0)


@device
def words_of(channels, halves):  # type: ignore[no-untyped-def]
    """Count the words that hold so many channels."""
    return (channels + 1) // 2 if halves else channels


@device
def input_sums(a, b, c, d):  # type: ignore[no-untyped-def]
    """Multiply a column by B'."""
    return a - c, b + c, c - b, b - d


@device
def output_sums(a, b, c, d):  # type: ignore[no-untyped-def]
    """Multiply a column by A'."""
    return a + b + c, b - c - d


@device
def gradient_sums(zero, a, b):  # type: ignore[no-untyped-def]
    """Multiply a column by A."""
    return a, a + b, a - b, zero - b


def moving_in(width, halves=0):  # type: ignore[no-untyped-def]
    """Make the function that moves a 4x4 tile of inputs to its 16 numbers."""
    put = storing(width, halves)

    @device
    def column(x, down):  # type: ignore[no-untyped-def]
        return input_sums(
            load(width, x), load(width, x + down), load(width, x + 2 * down),
            load(width, x + 3 * down),
        )  # fmt: skip

    @device
    def row(out, apart, room, a, b, c, d):  # type: ignore[no-untyped-def]
        a, b, c, d = input_sums(a, b, c, d)
        put(out, a, room)
        put(out + apart, b, room)
        put(out + 2 * apart, c, room)
        put(out + 3 * apart, d, room)

    @device
    def move(x, down, across, out, apart, room):  # type: ignore[no-untyped-def]
        a0, a1, a2, a3 = column(x, down)
        b0, b1, b2, b3 = column(x + across, down)
        c0, c1, c2, c3 = column(x + 2 * across, down)
        d0, d1, d2, d3 = column(x + 3 * across, down)
        row(out, apart, room, a0, b0, c0, d0)
        row(out + 4 * apart, apart, room, a1, b1, c1, d1)
        row(out + 8 * apart, apart, room, a2, b2, c2, d2)
        row(out + 12 * apart, apart, room, a3, b3, c3, d3)

    return move


def moving_gradient_in(width):  # type: ignore[no-untyped-def]
    """Make the function that moves a 2x2 tile of output gradients to 16 numbers."""
    put = storing(width)

    @device
    def row(out, apart, room, a, b):  # type: ignore[no-untyped-def]
        a, b, c, d = gradient_sums(splat(width, ZERO), a, b)
        put(out, a, room)
        put(out + apart, b, room)
        put(out + 2 * apart, c, room)
        put(out + 3 * apart, d, room)

    @device
    def move(x, down, across, out, apart, room):  # type: ignore[no-untyped-def]
        zero = splat(width, ZERO)
        a0, a1, a2, a3 = gradient_sums(zero, load(width, x), load(width, x + down))
        b0, b1, b2, b3 = gradient_sums(
            zero, load(width, x + across), load(width, x + down + across)
        )
        row(out, apart, room, a0, b0)
        row(out + 4 * apart, apart, room, a1, b1)
        row(out + 8 * apart, apart, room, a2, b2)
        row(out + 12 * apart, apart, room, a3, b3)

    return move


def moving_out(width, start, relu):  # type: ignore[no-untyped-def]
    """Make the function that moves 16 numbers back to a tile of 2x2 outputs.

    Start 0 stores, 1 adds the bias, 2 adds to what is there. `high` and `wide` are the pixels that
    there are, of two each.
    """
    put, activate = storing(width), activated(width, relu)

    @device
    def column(z, apart):  # type: ignore[no-untyped-def]
        return output_sums(
            load(width, z), load(width, z + 4 * apart), load(width, z + 8 * apart),
            load(width, z + 12 * apart),
        )  # fmt: skip

    @device
    def finish(y, value, bias, room):  # type: ignore[no-untyped-def]
        if start == 1:
            value = value + bias
        if start == 2:
            value = value + load(width, y)
        put(y, activate(value), room)

    @device
    def move(z, apart, bias, y, down, across, high, wide, room):  # type: ignore[no-untyped-def]
        a0, a1 = column(z, apart)
        b0, b1 = column(z + apart, apart)
        c0, c1 = column(z + 2 * apart, apart)
        d0, d1 = column(z + 3 * apart, apart)
        left, right = output_sums(a0, b0, c0, d0)
        finish(y, left, bias, room)
        if wide > 1:
            finish(y + across, right, bias, room)
        if high > 1:
            left, right = output_sums(a1, b1, c1, d1)
            finish(y + down, left, bias, room)
            if wide > 1:
                finish(y + down + across, right, bias, room)

    return move


def over_tiles(width, move, halves=0):  # type: ignore[no-untyped-def]
    """Make the function that moves all tiles of an image in, by `move`.

    Tile (i, j) begins at pixel (2 i, 2 j) of x; its numbers lie `apart` bytes from each other.
    """
    element = 2 if halves else 4

    @device
    def take_in(x, down, across, z, apart, high, wide, channels):  # type: ignore[no-untyped-def]
        for i in range(high):
            for j in range(wide):
                corner = x + 2 * (i * down + j * across)
                tile = z + 4 * (i * wide + j) * words_of(channels, halves)
                c = 0
                while c < channels:
                    move(corner + 4 * c, down, across, tile + element * c, apart, channels - c)
                    c += width

    return take_in


def back_from_tiles(width, start, relu):  # type: ignore[no-untyped-def]
    """Make the function that moves all tiles of an image out to its rows x columns pixels."""
    move = moving_out(width, start, relu)

    @device
    def give_out(z, apart, bias, y, rows, columns, high, wide, channels):  # type: ignore[no-untyped-def]
        down, across = 4 * columns * channels, 4 * channels
        for i in range(high):
            for j in range(wide):
                corner, tile = y + 2 * (i * down + j * across), z + 4 * (i * wide + j) * channels
                c = 0
                while c < channels:
                    move(
                        tile + 4 * c, apart, load(width, bias + 4 * c), corner + 4 * c, down,
                        across, rows - 2 * i, columns - 2 * j, channels - c,
                    )  # fmt: skip
                    c += width

    return give_out


def moving_images(take_in, together, halves=0):  # type: ignore[no-untyped-def]
    """Make the kernel that moves the tiles of images, `together` of a row in one.

    Operands and sizes as those of `winograd_input`.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        high, wide, channels, columns = args[12], args[13], args[14], args[15]
        count = high * ((wide + together - 1) // together) * words_of(channels, halves)
        apart = 4 * np.int64(f64(args, 1, 0, 0, 0)[BATCH]) * count
        for n in range(first, last):
            x = address(args, 0, n, lane, thread) + 4 * args[16]
            z = address(args, 2, 0, 0, 0) + 4 * n * count
            take_in(x, 4 * columns * channels, 4 * channels, z, apart, high, wide, channels)

    return run

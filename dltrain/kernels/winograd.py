"""Winograd's convolution of 3x3 kernels, in tiles of 2x2 outputs: 16 products in place of 36.

    y = A' [(G w G') * (B' x B)] A,    dw = G' [(B' x B) * (A dy A')] G

A tile of 4x4 inputs, moved to the 16 numbers of B' x B, meets the 16 numbers of a kernel; each of
the 16 is a matrix product over channels, for all tiles at once. Images are padded to whole tiles
already.

Source: Lavin, Gray 2015, arXiv:1509.09308.
"""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import BATCH
from dltrain.kernels.contraction import STRIPS
from dltrain.kernels.integers import extents
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f64
from dltrain.kernels.tile import Rows, Scalars, Sizes, Vectors
from dltrain.kernels.winograd_moves import (
    POSITIONS,
    back_from_tiles,
    moving_gradient_in,
    moving_images,
    moving_in,
    over_tiles,
    words_of,
)


def products(width, mr, mr_tail, nv, nv_tail, masked, halves):  # type: ignore[no-untyped-def]
    """Make the function that multiplies the tiles of a band by the kernel, number by number."""
    emit = STRIPS[halves]

    @device
    def multiply(tiles, u, results, count, inputs, outputs, whole, full, rest):  # type: ignore[no-untyped-def]
        block, last_block = nv * width, nv_tail * width
        sizes, last = Sizes(1, whole, 1, 1, inputs, 0), Sizes(1, whole, 1, 1, inputs, rest)
        for p in range(POSITIONS):
            a = Scalars(tiles + 4 * p * count * inputs, 0, inputs, 0, 0, 1)
            z = results + 4 * p * count * outputs
            w = u + 4 * p * inputs * (full * block + last_block)
            for j in range(full):
                b = Vectors(w + 4 * j * block * inputs, 0, 0, block)
                c = Rows(z + 4 * j * block, 0, outputs)
                emit(width, mr, mr_tail, nv, 0, 0, 0, a, b, 0, c, sizes)
            b = Vectors(w + 4 * full * block * inputs, 0, 0, last_block)
            c = Rows(z + 4 * full * block, 0, outputs)
            emit(width, mr, mr_tail, nv_tail, masked, 0, 0, a, b, 0, c, last)

    return multiply


@kernel
def winograd_input(width, halves=0):  # type: ignore[no-untyped-def]
    """Move all tiles of padded images: z = B' x B.

    Operands x (rows, columns, channels), cells, z (16, tiles of all samples, channels). Sizes: rows
    and columns of tiles, channels, columns of x, elements before the first pixel. With `halves` z
    is of words of two channels.
    """
    return moving_images(over_tiles(width, moving_in(width, halves), halves), 1, halves)


@kernel
def winograd_gradient(width):  # type: ignore[no-untyped-def]
    """Move all tiles of output gradients: z = A dy A'. Operands and sizes as `winograd_input`."""
    return moving_images(over_tiles(width, moving_gradient_in(width)), 1)


@kernel
def winograd_output(width, start, relu):  # type: ignore[no-untyped-def]
    """Move all tiles of outputs back: y = A' z A (+ bias, activation).

    Operands z (16, tiles of all samples, channels), bias, cells, y. Sizes: rows and columns of
    tiles, channels, rows and columns of y.
    """
    give_out = back_from_tiles(width, start, relu)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        high, wide, channels, rows, columns = args[16], args[17], args[18], args[19], args[20]
        count = high * wide * channels
        apart = 4 * np.int64(f64(args, 2, 0, 0, 0)[BATCH]) * count
        bias = address(args, 1, 0, lane, thread)
        for n in range(first, last):
            z, y = address(args, 0, 0, 0, 0) + 4 * n * count, address(args, 3, n, lane, thread)
            give_out(z, apart, bias, y, rows, columns, high, wide, channels)

    return run


@kernel
def winograd_multiply(width, mr, mr_tail, nv, nv_tail, masked, halves=0):  # type: ignore[no-untyped-def]
    """Multiply, for each of the 16 numbers, the tiles of all samples by the kernel: z = x u.

    Operands x (16, tiles, inputs), u (16, blocks, inputs, columns of a block), cells, z (16, tiles,
    outputs). Sizes: tiles of a sample, inputs, outputs, full blocks, blocks, rest columns. First
    and last are numbers times blocks. Tiles beyond whole ones of mr are taken one by one. With
    `halves` x and u are words of two inputs.
    """
    emit = STRIPS[halves]

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows = np.int64(f64(args, 2, 0, 0, 0)[BATCH]) * args[16]
        inputs, outputs = words_of(args[17], halves), args[18]
        full, blocks = args[19], args[20]
        block, last_block = nv * width, nv_tail * width
        tiles, singles = rows // mr, rows % mr
        whole, single = (
            Sizes(1, tiles, 1, 1, inputs, args[21]),
            Sizes(1, singles, 1, 1, inputs, args[21]),
        )
        for unit in range(first, last):
            p, j = unit // blocks, unit % blocks
            x = address(args, 0, 0, 0, 0) + 4 * p * rows * inputs
            u = address(args, 1, 0, 0, 0) + 4 * inputs * (
                p * (full * block + last_block) + j * block
            )
            z = address(args, 3, 0, 0, 0) + 4 * (p * rows * outputs + j * block)
            a, c = Scalars(x, 0, inputs, 0, 0, 1), Rows(z, 0, outputs)
            a_rest = Scalars(x + 4 * tiles * mr * inputs, 0, inputs, 0, 0, 1)
            c_rest = Rows(z + 4 * tiles * mr * outputs, 0, outputs)
            if j < full:
                b = Vectors(u, 0, 0, block)
                emit(width, mr, 0, nv, 0, 0, 0, a, b, 0, c, whole)
                emit(width, 1, 0, nv, 0, 0, 0, a_rest, b, 0, c_rest, single)
            else:
                b = Vectors(u, 0, 0, last_block)
                emit(width, mr, 0, nv_tail, masked, 0, 0, a, b, 0, c, whole)
                emit(width, 1, 0, nv_tail, masked, 0, 0, a_rest, b, 0, c_rest, single)

    return run


@kernel
def winograd_convolve(width, mr, mr_tail, nv, nv_tail, masked, start, relu, halves=0, shared=0):  # type: ignore[no-untyped-def]
    """Convolve images, by bands of tiles that stay in cache: y = x * w (+ bias, activation).

    Operands x (rows, columns, inputs), u, bias, y, tiles (16, tiles of a band, inputs), products
    (16, tiles of a band, outputs). Sizes: rows and columns of tiles, rows of a band, inputs,
    outputs, rows and columns of y, columns of x, full tiles of mr in a band, full blocks, rest
    columns. Bands are equal. With `halves` tiles and u are words of two bfloat16, of two inputs.
    A `shared` one gives bands.
    """
    take_in = over_tiles(width, moving_in(width, halves), halves)
    multiply = products(width, mr, mr_tail, nv, nv_tail, masked, halves)
    give_out = back_from_tiles(width, start, relu)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        high, wide, band, inputs, outputs = args[24], args[25], args[26], args[27], args[28]
        rows, columns, x_columns = args[29], args[30], args[31]
        words = words_of(inputs, halves)
        down, count = 4 * x_columns * inputs, band * wide
        begin, end, top, bottom = extents(shared, first, last, high // band)
        for n in range(begin, end):
            x, u = address(args, 0, n, lane, thread), address(args, 1, n, lane, thread)
            bias, y = address(args, 2, n, lane, thread), address(args, 3, n, lane, thread)
            tiles, z = address(args, 4, n, lane, thread), address(args, 5, n, lane, thread)
            for b in range(top, bottom):
                i = b * band
                here, there = x + 2 * i * down, y + 8 * i * columns * outputs
                take_in(here, down, 4 * inputs, tiles, 4 * count * words, band, wide, inputs)
                multiply(tiles, u, z, count, words, outputs, args[32], args[33], args[34])
                give_out(
                    z, 4 * count * outputs, bias, there, rows - 2 * i, columns, band, wide, outputs
                )

    return run

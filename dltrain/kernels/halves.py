"""Copies in words of two bfloat16: images, kernels and the rows of a batch."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.bfloat16 import paired
from dltrain.kernels.channelwise import HALVES, PAIRS, image
from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address
from dltrain.kernels.simd import load, splat, store, store_first
from dltrain.kernels.transposed import turn_pairs

ZERO = np.float32(0)


def copied(width):  # type: ignore[no-untyped-def]
    """Make the function of a pixel that only reads it."""

    @device
    def pixel(x, s, z, a, b, c, d):  # type: ignore[no-untyped-def]
        return load(width, x)

    return pixel


@kernel
def pad_halves(width):  # type: ignore[no-untyped-def]
    """Copy an image as `pad` does, rounded, in words of two channels; a last odd one beside zero.

    Operands x, y; sizes as those of `pad`.
    """
    return image(width, copied(width), HALVES, operands=2)


@kernel
def pair_pixels(width):  # type: ignore[no-untyped-def]
    """Copy an image, rounded, in words of two pixels of a row, among zeros.

    Operands x, y. Sizes: height, width, channels; rows of y, words of a row of y; top, left;
    columns from one word's first pixel to the next's; columns from the first pixel to the second.
    """
    return image(width, copied(width), PAIRS, operands=2)


def rows_paired(width):  # type: ignore[no-untyped-def]
    """Make the function that makes words of `count` numbers at two addresses; at 0 are zeros."""

    @device
    def pair_up(x, other, y, count):  # type: ignore[no-untyped-def]
        k = 0
        while k < count:
            low, high = load(width, x + 4 * k), splat(width, ZERO)
            if other != 0:
                high = load(width, other + 4 * k)
            if count - k < width:
                store_first(y + 4 * k, paired(low, high), count - k)
            else:
                store(y + 4 * k, paired(low, high))
            k += width

    return pair_up


@kernel
def pair_rows(width):  # type: ignore[no-untyped-def]
    """Make words of two neighbouring rows of all samples, a last odd one beside zeros.

    Operands x, y. Sizes: rows per sample, columns.
    """
    pair_up = rows_paired(width)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, columns = (last - first) * args[8], args[9]
        x, y = address(args, 0, first, lane, thread), address(args, 1, first, lane, thread)
        for row in range(0, rows, 2):
            here = x + 4 * row * columns
            other = here + 4 * columns if row + 1 < rows else 0
            pair_up(here, other, y + 2 * row * columns, columns)

    return run


@kernel
def pair_inputs(width):  # type: ignore[no-untyped-def]
    """Make words of a kernel's weights of two inputs: [positions, pairs of inputs, outputs].

    Operands w, y. Sizes: positions, inputs, outputs. First and last are rows of y.
    """
    pair_up = rows_paired(width)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        inputs, outputs = args[9], args[10]
        pairs = (inputs + 1) // 2
        for row in range(first, last):
            p, i = row // pairs, row % pairs * 2
            here = address(args, 0, 0, lane, thread) + 4 * (p * inputs + i) * outputs
            other = here + 4 * outputs if i + 1 < inputs else 0
            pair_up(here, other, address(args, 1, 0, lane, thread) + 4 * row * outputs, outputs)

    return run


@kernel
def flip_pairs(width):  # type: ignore[no-untyped-def]
    """Turn kernels over as `flip` does, rounded, in words of two outputs of a group.

    y is [positions reversed, pairs of outputs of a group, inputs]. Operands w, y; sizes as those of
    `flip`. First and last are rows of y.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, inputs, outputs, groups = args[8], args[9], args[10], args[11]
        w, y = address(args, 0, 0, lane, thread), address(args, 1, 0, lane, thread)
        part = outputs // groups
        pairs, ahead = (part + 1) // 2, 4 * groups * inputs
        row = first
        while row < last:
            p, k = row // pairs, row % pairs
            count = smaller(smaller(width, last - row), pairs - k)
            source = w + 4 * ((positions - 1 - p) * inputs * outputs + 2 * k)
            for g in range(groups):
                for i in range(0, inputs, width):
                    turn_pairs(
                        width, source + 4 * (i * outputs + g * part), 4 * outputs, part - 2 * k,
                        y + row * ahead + 4 * (g * inputs + i), ahead,
                        smaller(width, inputs - i), count,
                    )  # fmt: skip
            row += count

    return run

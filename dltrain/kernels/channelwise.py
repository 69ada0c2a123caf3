"""Kernels that make an image of others, pixel by pixel, in the form that its reader wants.

A convolution wants its input, and its output's gradient, among zeros, or in words of two bfloat16.
So these kernels have the sizes of `pad`, or of `pair_pixels`, and do that work on the way.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.bfloat16 import paired, store_first_rounded, store_rounded
from dltrain.kernels.integers import larger_of, smaller
from dltrain.kernels.kernel import device
from dltrain.kernels.memory import address, f32
from dltrain.kernels.rearrange import clear
from dltrain.kernels.simd import load, splat, store, store_first

FLOATS, HALVES, PAIRS = 0, 1, 2
"""Forms: float32; words of two channels, a last odd one beside zero; words of two pixels."""
ZERO = np.float32(0)


def image(width, pixel, form, operands=7):  # type: ignore[no-untyped-def]
    """Make the kernel that applies `pixel(x, s, z, a, b, c, d)` to vectors of channels.

    Operands x, s (images), a, b, c, d (channels,), z; of two only x and z. `pixel` takes the
    addresses of a vector of x, s and z, and vectors of a to d that stay in registers. Sizes as
    those of `pad`; for PAIRS as those of `pair_pixels`.
    """
    if form == PAIRS:
        return paired_image(width, pixel, operands)
    return padded_image(width, pixel, form, operands)


@device
def begin(start, step):  # type: ignore[no-untyped-def]
    """Give the first k with start + k * step >= 0."""
    return 0 if start >= 0 else (step - 1 - start) // step


@device
def end(start, step, count, extent):  # type: ignore[no-untyped-def]
    """Give the first k >= 0 with start + k * step >= extent, at most count."""
    return smaller(count, larger_of(0, (extent - start + step - 1) // step))


@device
def clear_around(z, high, wide, words, top, left, rows, columns):  # type: ignore[no-untyped-def]
    """Set an image to zero where none of rows x columns pixels, side by side, will be written."""
    clear(z, 0, top * wide * words)
    for i in range(rows):
        row = (top + i) * wide * words
        clear(z, row, row + left * words)
        clear(z, row + (left + columns) * words, row + wide * words)
    clear(z, (top + rows) * wide * words, high * wide * words)


@device
def clear_rest(z, words, height, width, high, wide, top, left, down, across):  # type: ignore[no-untyped-def]
    """Set to zero what a padded image does not get from pixels of `words` words, if anything."""
    moved = top != 0 or left != 0 or down != 1 or across != 1
    if high == height and wide == width and not moved:
        return
    whole = top >= 0 and left >= 0 and top + height <= high and left + width <= wide
    if whole and down == 1 and across == 1:
        clear_around(z, high, wide, words, top, left, height, width)
    else:
        clear(z, 0, high * wide * words)


def coefficients(width, operands):  # type: ignore[no-untyped-def]
    """Make the function that loads a vector of operand 2 to 5.

    Of two operands it loads one that nothing uses.
    """

    @device
    def coefficient(args, index, at, lane, thread):  # type: ignore[no-untyped-def]
        operand = index if operands == 7 else 0
        return load(width, address(args, operand, 0, lane, thread) + 4 * at)

    return coefficient


def strips(width, pixel, form):  # type: ignore[no-untyped-def]
    """Make the function that takes a vector of channels along `count` pixels."""

    @device
    def strip(x, s, z, count, step, ahead, a, b, c, d, room):  # type: ignore[no-untyped-def]
        if room < width:
            for _ in range(count):
                value = pixel(x, s, z, a, b, c, d)
                if form == HALVES:
                    store_first_rounded(z, value, room)
                else:
                    store_first(z, value, room)
                x, s, z = x + step, s + step, z + ahead
        else:
            for _ in range(count):
                value = pixel(x, s, z, a, b, c, d)
                if form == HALVES:
                    store_rounded(z, value)
                else:
                    store(z, value)
                x, s, z = x + step, s + step, z + ahead

    return strip


def padded_image(width, pixel, form, operands):  # type: ignore[no-untyped-def]
    """Make the kernel that sets pixels as far apart as `step` says, among zeros."""
    strip, coefficient = strips(width, pixel, form), coefficients(width, operands)
    shortcut, result, sizes = (1, 6, 28) if operands == 7 else (0, 1, 8)
    element = 2 if form == HALVES else 4

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, columns, channels = args[sizes], args[sizes + 1], args[sizes + 2]
        high, wide = args[sizes + 3], args[sizes + 4]
        top, left, down, across = args[sizes + 5], args[sizes + 6], args[sizes + 7], args[sizes + 8]
        i_first, i_last = begin(top, down), end(top, down, height, high)
        j_first, j_last = begin(left, across), end(left, across, columns, wide)
        words = (channels + 1) // 2 if form == HALVES else channels
        step, ahead, count = 4 * channels, 4 * across * words, j_last - j_first
        for n in range(first, last):
            x, s = address(args, 0, n, lane, thread), address(args, shortcut, n, lane, thread)
            z = address(args, result, n, lane, thread)
            whole = f32(args, result, n, lane, thread)
            clear_rest(whole, words, height, columns, high, wide, top, left, down, across)
            at = 0
            while at < channels:
                a, b = (
                    coefficient(args, 2, at, lane, thread),
                    coefficient(args, 3, at, lane, thread),
                )
                c, d = (
                    coefficient(args, 4, at, lane, thread),
                    coefficient(args, 5, at, lane, thread),
                )
                for i in range(i_first, i_last):
                    here = 4 * ((i * columns + j_first) * channels + at)
                    there = 4 * ((top + i * down) * wide + left + j_first * across) * words
                    to, room = z + there + element * at, channels - at
                    strip(x + here, s + here, to, count, step, ahead, a, b, c, d, room)
                at += width

    return run


def pair_strips(width, pixel):  # type: ignore[no-untyped-def]
    """Make the function that takes a vector of channels along words [k, stop) of a row.

    `x` and `s` are of the first pixel of word 0, the second pixel is `apart` bytes further; where
    only first pixels (`are` 1) or second ones (2) are there, not both (3), the others are zero.
    """

    @device
    def strip(x, s, z, k, stop, are, apart, step, ahead, a, b, c, d, room):  # type: ignore[no-untyped-def]
        x, s, z = x + k * step, s + k * step, z + k * ahead
        low, high = splat(width, ZERO), splat(width, ZERO)
        while k < stop:
            if are & 1:
                low = pixel(x, s, z, a, b, c, d)
            if are & 2:
                high = pixel(x + apart, s + apart, z, a, b, c, d)
            if room < width:
                store_first(z, paired(low, high), room)
            else:
                store(z, paired(low, high))
            x, s, z, k = x + step, s + step, z + ahead, k + 1

    return strip


@device
def clear_row(z, row, words, f, b, e, c, wide):  # type: ignore[no-untyped-def]
    """Set to zero words [0, f), [e, b) and [c, wide) of a row."""
    clear(z, row, row + f * words)
    clear(z, row + e * words, row + b * words)
    clear(z, row + c * words, row + wide * words)


def paired_image(width, pixel, operands):  # type: ignore[no-untyped-def]
    """Make the kernel that sets words of two pixels of a row among zeros."""
    strip, coefficient = pair_strips(width, pixel), coefficients(width, operands)
    shortcut, result, sizes = (1, 6, 28) if operands == 7 else (0, 1, 8)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, columns, channels = args[sizes], args[sizes + 1], args[sizes + 2]
        high, wide, top, left = args[sizes + 3], args[sizes + 4], args[sizes + 5], args[sizes + 6]
        each, distance = args[sizes + 7], args[sizes + 8]
        # Words [b, c) have a first pixel, words [f, e) a second one; f <= b and e <= c.
        c, e = end(-left, each, wide, columns), end(distance - left, each, wide, columns)
        b, f = smaller(begin(-left, each), c), smaller(begin(distance - left, each), e)
        step, ahead, apart = 4 * each * channels, 4 * channels, 4 * distance * channels
        for n in range(first, last):
            x, s = address(args, 0, n, lane, thread), address(args, shortcut, n, lane, thread)
            z, whole = address(args, result, n, lane, thread), f32(args, result, n, lane, thread)
            clear(whole, 0, top * wide * channels)
            clear(whole, (top + height) * wide * channels, high * wide * channels)
            for i in range(height):
                clear_row(whole, (top + i) * wide * channels, channels, f, b, e, c, wide)
            at = 0
            while at < channels:
                p, q = (
                    coefficient(args, 2, at, lane, thread),
                    coefficient(args, 3, at, lane, thread),
                )
                r, t = (
                    coefficient(args, 4, at, lane, thread),
                    coefficient(args, 5, at, lane, thread),
                )
                room = channels - at
                for i in range(height):
                    here = 4 * ((i * columns - left) * channels + at)
                    u, v, to = x + here, s + here, z + 4 * ((top + i) * wide * channels + at)
                    strip(u, v, to, f, smaller(e, b), 2, apart, step, ahead, p, q, r, t, room)
                    strip(u, v, to, b, e, 3, apart, step, ahead, p, q, r, t, room)
                    strip(u, v, to, larger_of(b, e), c, 1, apart, step, ahead, p, q, r, t, room)
                at += width

    return run

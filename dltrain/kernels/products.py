"""Products of numbers side by side: of two inputs, of channels and their factors, of masks."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32

NOTHING = np.float32(0)
FEW = 4
"""Rows that are multiplied together, so that a factor is read once for all of them."""
BUNCH = 8
"""Rows that are summed in a register before they reach memory."""


@device
def put(y, k, value, accumulate):  # type: ignore[no-untyped-def]
    """Store a number, or add it to what is there."""
    y[k] = y[k] + value if accumulate else value


@device
def multiply_few(a, b, y, at, rows, channels, accumulate):  # type: ignore[no-untyped-def]
    """Multiply a few rows by the same factors."""
    for c in range(channels):
        factor = b[c]
        for row in range(rows):
            k = at + row * channels + c
            put(y, k, a[k] * factor, accumulate)


@device
def multiply_rows(a, b, y, rows, channels, accumulate):  # type: ignore[no-untyped-def]
    """Multiply every row by the same factors."""
    if channels == 1:  # a loop of one turn takes five times as long
        factor = b[0]
        for k in range(rows):
            put(y, k, a[k] * factor, accumulate)
        return
    whole = rows // FEW
    for few in range(whole):
        multiply_few(a, b, y, few * FEW * channels, FEW, channels, accumulate)
    for row in range(whole * FEW, rows):
        multiply_few(a, b, y, row * channels, 1, channels, accumulate)


@kernel
def multiply_forward(spread, accumulate):  # type: ignore[no-untyped-def]
    """y = a * b; y may be a. A `spread` b has one number for each channel.

    Operands a, b, y; sizes rows, channels.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, channels = args[12], args[13]
        for n in range(first, last):
            a, b = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            y = f32(args, 2, n, lane, thread)
            if spread:
                multiply_rows(a, b, y, rows, channels, accumulate)
            else:
                for k in range(rows * channels):
                    put(y, k, a[k] * b[k], accumulate)

    return run


@device
def sum_bunch(a, b, sums, at, rows, channels):  # type: ignore[no-untyped-def]
    """Add the products of a few rows to the sums of their channels."""
    for c in range(channels):
        total = NOTHING
        for row in range(rows):
            k = at + row * channels + c
            total += a[k] * b[k]
        sums[c] += total


@device
def sum_products(a, b, sums, rows, channels):  # type: ignore[no-untyped-def]
    """Add a * b to the sums of the channels, over all rows."""
    if channels == 1:
        total = NOTHING
        for k in range(rows):
            total += a[k] * b[k]
        sums[0] += total
        return
    whole = rows // BUNCH
    for bunch in range(whole):
        sum_bunch(a, b, sums, bunch * BUNCH * channels, BUNCH, channels)
    for row in range(whole * BUNCH, rows):
        sum_bunch(a, b, sums, row * channels, 1, channels)


@kernel
def multiply_sum(accumulate):  # type: ignore[no-untyped-def]
    """Give the sum over rows of a * b for each channel. Operands a, b, sums; sizes rows, channels.

    The sums may be a lane's: then every sample adds to them, with `accumulate`.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, channels = args[12], args[13]
        for n in range(first, last):
            a, b = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            sums = f32(args, 2, n, lane, thread)
            if not accumulate:
                for c in range(channels):
                    sums[c] = NOTHING
            sum_products(a, b, sums, rows, channels)

    return run

"""Groups of channels brought to mean 0 and variance 1 over all pixels of a sample.

A group may be one channel (instance normalization). Sums are taken for each channel, because
channels lie side by side, and then for each group. Variants: `scaled` channels are multiplied by
gamma, `shifted` ones have beta added.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64, number

NOTHING = np.float32(0)
BUNCH = 16
"""Rows that are summed in float32, in registers, before they join a float64 sum."""
FEW = 4
"""Rows that are written together, so that what a channel needs is read once for all of them."""


@device
def guess_means(x, mean, rows, channels):  # type: ignore[no-untyped-def]
    """Leave a first guess of each channel's mean, from its first rows.

    Squares of distances from it are small, so that their float32 sums are exact enough.
    """
    few = BUNCH if rows >= BUNCH else 1
    share = np.float32(1) / np.float32(few)
    for c in range(channels):
        total = NOTHING
        for row in range(few):
            total += x[row * channels + c]
        mean[c] = total * share


@device
def add_bunch(x, mean, sums, at, rows, channels):  # type: ignore[no-untyped-def]
    """Add a few rows' distances from the guess, and their squares, to each channel's sums."""
    for c in range(channels):
        total, squares = NOTHING, NOTHING
        for row in range(rows):
            distance = x[at + row * channels + c] - mean[c]
            total += distance
            squares += distance * distance
        sums[c] += total
        sums[channels + c] += squares


@device
def sum_channels(x, mean, sums, rows, channels):  # type: ignore[no-untyped-def]
    """Sum every channel's distances from the guess, and their squares, over all rows."""
    for c in range(2 * channels):
        sums[c] = 0.0
    whole = rows // BUNCH
    for bunch in range(whole):
        add_bunch(x, mean, sums, bunch * BUNCH * channels, BUNCH, channels)
    for row in range(whole * BUNCH, rows):
        add_bunch(x, mean, sums, row * channels, 1, channels)


@device
def settle(mean, sums, start, stop, rows, channels, epsilon):  # type: ignore[no-untyped-def]
    """Leave mean and inverse deviation of a group at each of its channels."""
    share, middle, squares = 1.0 / rows, 0.0, 0.0
    for c in range(start, stop):
        middle += mean[c] + sums[c] * share
    middle /= stop - start
    for c in range(start, stop):
        # Around any point, mean square = variance + square of the distance from the mean.
        offset = mean[c] + sums[c] * share - middle
        squares += sums[channels + c] * share - (sums[c] * share) ** 2 + offset * offset
    variance = squares / (stop - start)
    inverse = 1.0 / np.sqrt((0.0 if variance < 0.0 else variance) + epsilon)
    for c in range(start, stop):
        mean[c] = middle
        mean[channels + c] = inverse


@device
def write_bunch(x, mean, gamma, beta, y, at, rows, channels, scaled, shifted):  # type: ignore[no-untyped-def]
    """Normalize a few rows."""
    for c in range(channels):
        middle, shift = mean[c], beta[c] if shifted else NOTHING
        scale = mean[channels + c] * gamma[c] if scaled else mean[channels + c]
        for row in range(rows):
            k = at + row * channels + c
            y[k] = (x[k] - middle) * scale + shift


@kernel
def normalize_groups_forward(scaled, shifted):  # type: ignore[no-untyped-def]
    """y = (x - mean) / sqrt(variance + epsilon) * gamma + beta for each group of channels.

    Operands x, gamma, beta, y, statistics (2, channels): mean and inverse deviation, sums (float64,
    2 channels). Sizes rows, channels, groups; number epsilon.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, channels, groups, epsilon = args[24], args[25], args[26], number(args, 27)
        width = channels // groups
        for n in range(first, last):
            x, gamma = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            beta, y = f32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
            mean, sums = f32(args, 4, n, lane, thread), f64(args, 5, n, lane, thread)
            guess_means(x, mean, rows, channels)
            sum_channels(x, mean, sums, rows, channels)
            for g in range(groups):
                settle(mean, sums, g * width, (g + 1) * width, rows, channels, epsilon)
            whole = rows // FEW
            for few in range(whole):
                at = few * FEW * channels
                write_bunch(x, mean, gamma, beta, y, at, FEW, channels, scaled, shifted)
            for row in range(whole * FEW, rows):
                at = row * channels
                write_bunch(x, mean, gamma, beta, y, at, 1, channels, scaled, shifted)

    return run

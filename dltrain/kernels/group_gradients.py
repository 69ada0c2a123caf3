"""The way back through normalized groups: gradients of the input, of gamma and of beta.

With g = dy * gamma and z the normalized input, dx = inverse * (g - mean(g) - z * mean(g * z)),
means over a group: for each channel a multiple of dy, of x - mean, and a constant.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.group_normalization import BUNCH, FEW
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64

NOTHING, ONE = np.float32(0), np.float32(1)


@device
def add_bunch(dy, x, mean, sums, at, rows, channels):  # type: ignore[no-untyped-def]
    """Add a few rows of dy, and of dy * (x - mean), to each channel's sums."""
    for c in range(channels):
        total, product = NOTHING, NOTHING
        for row in range(rows):
            k = at + row * channels + c
            total += dy[k]
            product += dy[k] * (x[k] - mean[c])
        sums[c] += total
        sums[channels + c] += product


@device
def sum_channels(dy, x, mean, sums, rows, channels):  # type: ignore[no-untyped-def]
    """Sum dy, and dy * (x - mean), over all rows."""
    for c in range(2 * channels):
        sums[c] = 0.0
    whole = rows // BUNCH
    for bunch in range(whole):
        add_bunch(dy, x, mean, sums, bunch * BUNCH * channels, BUNCH, channels)
    for row in range(whole * BUNCH, rows):
        add_bunch(dy, x, mean, sums, row * channels, 1, channels)


@device
def find_factors(gamma, mean, sums, factors, start, stop, rows, channels, scaled):  # type: ignore[no-untyped-def]
    """Leave the factors of dx = first * dy - second - third * (x - mean) of a group's channels."""
    level, slope = 0.0, 0.0
    for c in range(start, stop):
        weight = gamma[c] if scaled else ONE
        level += sums[c] * weight
        slope += sums[channels + c] * weight
    share = 1.0 / (rows * (stop - start))
    for c in range(start, stop):
        inverse = mean[channels + c]
        factors[c] = inverse * gamma[c] if scaled else inverse
        factors[channels + c] = np.float32(level * share) * inverse
        factors[2 * channels + c] = np.float32(slope * share) * inverse * inverse * inverse


@device
def give_few(dy, x, mean, factors, dx, at, rows, channels, mode):  # type: ignore[no-untyped-def]
    """Give dx = first * dy - second - third * (x - mean) of a few rows."""
    for c in range(channels):
        first, second, third = factors[c], factors[channels + c], factors[2 * channels + c]
        middle = mean[c]
        for row in range(rows):
            k = at + row * channels + c
            value = first * dy[k] - second - third * (x[k] - middle)
            dx[k] = dx[k] + value if mode == 2 else value


@device
def give_gradient(dy, x, mean, factors, dx, rows, channels, mode):  # type: ignore[no-untyped-def]
    """Give the gradient of all rows."""
    whole = rows // FEW
    for few in range(whole):
        give_few(dy, x, mean, factors, dx, few * FEW * channels, FEW, channels, mode)
    for row in range(whole * FEW, rows):
        give_few(dy, x, mean, factors, dx, row * channels, 1, channels, mode)


@kernel
def normalize_groups_backward(scaled, scales, shifts, mode):  # type: ignore[no-untyped-def]
    """Give the gradient of x, and add to that of gamma if it `scales`, of beta if it `shifts`.

    Operands dy, x, statistics, gamma, dx, dgamma, dbeta, sums (float64, 2 channels), factors (3
    channels). Sizes rows, channels, groups. Mode 0 leaves dx alone, 1 stores it, 2 adds to it.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, channels, groups = args[36], args[37], args[38]
        width = channels // groups
        for n in range(first, last):
            dy, x = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            mean, gamma = f32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
            dx, dgamma = f32(args, 4, n, lane, thread), f32(args, 5, n, lane, thread)
            dbeta, sums = f32(args, 6, n, lane, thread), f64(args, 7, n, lane, thread)
            factors = f32(args, 8, n, lane, thread)
            sum_channels(dy, x, mean, sums, rows, channels)
            for c in range(channels):
                if scales:
                    dgamma[c] += sums[channels + c] * mean[channels + c]
                if shifts:
                    dbeta[c] += sums[c]
            if mode:
                for g in range(groups):
                    start, stop = g * width, (g + 1) * width
                    find_factors(gamma, mean, sums, factors, start, stop, rows, channels, scaled)
                give_gradient(dy, x, mean, factors, dx, rows, channels, mode)

    return run

"""Mean and deviation of rows of numbers, one by one or four at a time.

A row alone is over before the processor's pipelines are full; four take little more time than one.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device

NOTHING, ONE = np.float32(0), np.float32(1)
SPAN = 4096
"""Numbers that are summed in float32 before they join a float64 sum; longer rows go one by one."""


@device
def square(value):  # type: ignore[no-untyped-def]
    """Give the square."""
    return value * value


@device
def mean_of(x, start, count):  # type: ignore[no-untyped-def]
    """Give the mean of a row, from distances to its first number: they have more digits."""
    total, end, at, first = 0.0, start + count, start, x[start]
    while at < end:
        stop, part = smaller(at + SPAN, end), NOTHING
        for i in range(at, stop):
            part += x[i] - first
        total, at = total + np.float64(part), stop
    return first + np.float32(total) / np.float32(count)


@device
def inverse_of(x, start, count, mean, epsilon):  # type: ignore[no-untyped-def]
    """Give 1 / sqrt(variance + epsilon) of a row of this mean."""
    total, end, at = 0.0, start + count, start
    while at < end:
        stop, part = smaller(at + SPAN, end), NOTHING
        for i in range(at, stop):
            part += square(x[i] - mean)
        total, at = total + np.float64(part), stop
    return ONE / np.sqrt(np.float32(total) / np.float32(count) + epsilon)


@device
def means_of_four(x, at, count):  # type: ignore[no-untyped-def]
    """Give the means of four rows, each from distances to its first number."""
    second, third, fourth = at + count, at + 2 * count, at + 3 * count
    p, q, r, s = x[at], x[second], x[third], x[fourth]
    a, b, c, d, share = NOTHING, NOTHING, NOTHING, NOTHING, ONE / np.float32(count)
    for i in range(count):
        a += x[at + i] - p
        b += x[second + i] - q
        c += x[third + i] - r
        d += x[fourth + i] - s
    return p + a * share, q + b * share, r + c * share, s + d * share


@device
def inverses_of_four(x, at, count, means, epsilon):  # type: ignore[no-untyped-def]
    """Give 1 / sqrt(variance + epsilon) of four rows of these means."""
    second, third, fourth = at + count, at + 2 * count, at + 3 * count
    a, b, c, d, share = NOTHING, NOTHING, NOTHING, NOTHING, ONE / np.float32(count)
    for i in range(count):
        a += square(x[at + i] - means[0])
        b += square(x[second + i] - means[1])
        c += square(x[third + i] - means[2])
        d += square(x[fourth + i] - means[3])
    a, b = ONE / np.sqrt(a * share + epsilon), ONE / np.sqrt(b * share + epsilon)
    return a, b, ONE / np.sqrt(c * share + epsilon), ONE / np.sqrt(d * share + epsilon)


@device
def leave(statistics, row, mean, inverse):  # type: ignore[no-untyped-def]
    """Keep a row's statistics for backward."""
    statistics[2 * row] = mean
    statistics[2 * row + 1] = inverse

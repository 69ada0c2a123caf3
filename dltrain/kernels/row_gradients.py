"""The way back through normalized rows: gradients of the rows, of gamma and of beta.

With g = dy * gamma and z the normalized row, dx = inverse * (g - mean(g) - z * mean(g * z)); rows
that are not `centred` have no mean(g).
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32
from dltrain.kernels.row_statistics import SPAN, square

NOTHING, ONE = np.float32(0), np.float32(1)
BUNCH = 8
"""Rows whose parts of a parameter's gradient are summed in registers before they reach memory."""


@device
def put(dx, k, value, mode):  # type: ignore[no-untyped-def]
    """Store a number, or add it to what is there."""
    dx[k] = dx[k] + value if mode == 2 else value


@device
def row_gradient(dy, x, statistics, gamma, dx, row, count, variant):  # type: ignore[no-untyped-def]
    """Give the gradient of a row."""
    centred, scaled, _, _, mode = variant
    mean, inverse = statistics[2 * row], statistics[2 * row + 1]
    total, product, at = 0.0, 0.0, row * count
    end, start = at + count, at
    while start < end:
        stop, part, partial = smaller(start + SPAN, end), NOTHING, NOTHING
        for i in range(start, stop):
            g = dy[i] * gamma[i - at] if scaled else dy[i]
            part += g
            partial += g * (x[i] - mean)
        total, product = total + np.float64(part), product + np.float64(partial)
        start = stop
    share = ONE / np.float32(count)
    level = np.float32(total) * share if centred else NOTHING
    slope = np.float32(product) * share * square(inverse)
    for i in range(count):
        g = dy[at + i] * gamma[i] if scaled else dy[at + i]
        put(dx, at + i, inverse * (g - level - (x[at + i] - mean) * slope), mode)


@device
def means_of_gradients(dy, x, gamma, at, count, means, inverses, variant):  # type: ignore[no-untyped-def]
    """Give mean(g), and mean(g * z) * inverse, of four rows."""
    centred, scaled, _, _, _ = variant
    second, third, fourth = at + count, at + 2 * count, at + 3 * count
    a, b, c, d = NOTHING, NOTHING, NOTHING, NOTHING
    e, f, g, h = NOTHING, NOTHING, NOTHING, NOTHING
    for i in range(count):
        factor = gamma[i] if scaled else ONE
        p, q = dy[at + i] * factor, dy[second + i] * factor
        r, s = dy[third + i] * factor, dy[fourth + i] * factor
        a, b, c, d = a + p, b + q, c + r, d + s
        e += p * (x[at + i] - means[0])
        f += q * (x[second + i] - means[1])
        g += r * (x[third + i] - means[2])
        h += s * (x[fourth + i] - means[3])
    share = ONE / np.float32(count)
    part = share if centred else NOTHING
    e, f = e * share * square(inverses[0]), f * share * square(inverses[1])
    g, h = g * share * square(inverses[2]), h * share * square(inverses[3])
    return (a * part, b * part, c * part, d * part), (e, f, g, h)


@device
def four_gradients(dy, x, statistics, gamma, dx, row, count, variant):  # type: ignore[no-untyped-def]
    """Give the gradients of four rows."""
    _, scaled, _, _, mode = variant
    at, k = row * count, 2 * row
    second, third, fourth = at + count, at + 2 * count, at + 3 * count
    means = (statistics[k], statistics[k + 2], statistics[k + 4], statistics[k + 6])
    inverses = (statistics[k + 1], statistics[k + 3], statistics[k + 5], statistics[k + 7])
    levels, slopes = means_of_gradients(dy, x, gamma, at, count, means, inverses, variant)
    for i in range(count):
        factor = gamma[i] if scaled else ONE
        p = dy[at + i] * factor - levels[0] - (x[at + i] - means[0]) * slopes[0]
        q = dy[second + i] * factor - levels[1] - (x[second + i] - means[1]) * slopes[1]
        r = dy[third + i] * factor - levels[2] - (x[third + i] - means[2]) * slopes[2]
        s = dy[fourth + i] * factor - levels[3] - (x[fourth + i] - means[3]) * slopes[3]
        put(dx, at + i, inverses[0] * p, mode)
        put(dx, second + i, inverses[1] * q, mode)
        put(dx, third + i, inverses[2] * r, mode)
        put(dx, fourth + i, inverses[3] * s, mode)


@device
def add_gradients(dy, x, statistics, dgamma, dbeta, row, rows, features, variant):  # type: ignore[no-untyped-def]
    """Add the parts of a few rows to the gradients of gamma and beta."""
    _, _, scales, shifts, _ = variant
    at = row * features
    for c in range(features):
        scale, shift = NOTHING, NOTHING
        for k in range(rows):
            g, value = dy[at + k * features + c], x[at + k * features + c]
            mean, inverse = statistics[2 * (row + k)], statistics[2 * (row + k) + 1]
            scale += g * ((value - mean) * inverse)
            shift += g
        if scales:
            dgamma[c] += scale
        if shifts:
            dbeta[c] += shift


@device
def take_bunch(dy, x, statistics, gamma, dx, dgamma, dbeta, row, features, variant):  # type: ignore[no-untyped-def]
    """Take eight rows."""
    _, _, scales, shifts, mode = variant
    if mode:
        four_gradients(dy, x, statistics, gamma, dx, row, features, variant)
        four_gradients(dy, x, statistics, gamma, dx, row + 4, features, variant)
    if scales or shifts:
        add_gradients(dy, x, statistics, dgamma, dbeta, row, BUNCH, features, variant)


@device
def take(dy, x, statistics, gamma, dx, dgamma, dbeta, row, features, variant):  # type: ignore[no-untyped-def]
    """Take one row."""
    _, _, scales, shifts, mode = variant
    if mode:
        row_gradient(dy, x, statistics, gamma, dx, row, features, variant)
    if scales or shifts:
        add_gradients(dy, x, statistics, dgamma, dbeta, row, 1, features, variant)


@kernel
def normalize_rows_backward(centred, scaled, scales, shifts, mode):  # type: ignore[no-untyped-def]
    """Give the gradient of x, and add to that of gamma if it `scales`, of beta if it `shifts`.

    Operands dy, x, statistics, gamma, dx, dgamma, dbeta; sizes rows, features. Mode 0 leaves dx
    alone, 1 stores it, 2 adds to it.
    """
    variant = (centred, scaled, scales, shifts, mode)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, features = args[28], args[29]
        bunches = rows // BUNCH if features <= SPAN else 0
        for n in range(first, last):
            dy, x = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            statistics, gamma = f32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
            dx, dgamma = f32(args, 4, n, lane, thread), f32(args, 5, n, lane, thread)
            dbeta = f32(args, 6, n, lane, thread)
            for bunch in range(bunches):
                at = bunch * BUNCH
                take_bunch(dy, x, statistics, gamma, dx, dgamma, dbeta, at, features, variant)
            for row in range(bunches * BUNCH, rows):
                take(dy, x, statistics, gamma, dx, dgamma, dbeta, row, features, variant)

    return run

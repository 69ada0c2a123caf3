"""Rows of numbers brought to mean 0 and variance 1, or to a mean square of 1.

A row is what layer normalization calls the features of a pixel, of a time or of a vector. Variants:
`centred` rows have their mean taken away, `scaled` ones are multiplied by gamma, `shifted` ones
have beta added.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, number
from dltrain.kernels.row_statistics import (
    SPAN,
    inverse_of,
    inverses_of_four,
    leave,
    mean_of,
    means_of_four,
)

NOTHING, ONE = np.float32(0), np.float32(1)


@device
def normalize(x, statistics, gamma, beta, y, row, count, epsilon, variant):  # type: ignore[no-untyped-def]
    """Normalize a row, and leave its mean and inverse deviation."""
    centred, scaled, shifted = variant
    at = row * count
    mean = mean_of(x, at, count) if centred else NOTHING
    inverse = inverse_of(x, at, count, mean, epsilon)
    leave(statistics, row, mean, inverse)
    for i in range(count):
        factor, shift = gamma[i] if scaled else ONE, beta[i] if shifted else NOTHING
        y[at + i] = (x[at + i] - mean) * inverse * factor + shift


@device
def normalize_four(x, statistics, gamma, beta, y, row, count, epsilon, variant):  # type: ignore[no-untyped-def]
    """Normalize four rows, and leave their means and inverse deviations."""
    centred, scaled, shifted = variant
    at = row * count
    second, third, fourth = at + count, at + 2 * count, at + 3 * count
    means = (NOTHING, NOTHING, NOTHING, NOTHING)
    if centred:
        means = means_of_four(x, at, count)
    inverses = inverses_of_four(x, at, count, means, epsilon)
    leave(statistics, row, means[0], inverses[0])
    leave(statistics, row + 1, means[1], inverses[1])
    leave(statistics, row + 2, means[2], inverses[2])
    leave(statistics, row + 3, means[3], inverses[3])
    for i in range(count):
        factor, shift = gamma[i] if scaled else ONE, beta[i] if shifted else NOTHING
        y[at + i] = (x[at + i] - means[0]) * inverses[0] * factor + shift
        y[second + i] = (x[second + i] - means[1]) * inverses[1] * factor + shift
        y[third + i] = (x[third + i] - means[2]) * inverses[2] * factor + shift
        y[fourth + i] = (x[fourth + i] - means[3]) * inverses[3] * factor + shift


@kernel
def normalize_rows_forward(centred, scaled, shifted):  # type: ignore[no-untyped-def]
    """y = (x - mean) / sqrt(variance + epsilon) * gamma + beta for each row.

    Operands x, gamma, beta, y, statistics (rows, 2): mean and inverse deviation. Sizes rows,
    features; number epsilon.
    """
    variant = (centred, scaled, shifted)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, features, epsilon = args[20], args[21], np.float32(number(args, 22))
        fours = rows // 4 if features <= SPAN else 0
        for n in range(first, last):
            x, gamma = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            beta, y = f32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
            statistics = f32(args, 4, n, lane, thread)
            for four in range(fours):
                normalize_four(x, statistics, gamma, beta, y, 4 * four, features, epsilon, variant)
            for row in range(4 * fours, rows):
                normalize(x, statistics, gamma, beta, y, row, features, epsilon, variant)

    return run

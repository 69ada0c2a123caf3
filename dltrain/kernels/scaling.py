"""Numbers moved and scaled, all alike or channel by channel."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import f32, number

ONE = np.float32(1)
LEAST_DEVIATION = np.float32(1e-7)
"""What a standard deviation counts as at least, so that a constant channel does not divide by 0."""


@kernel
def rescale(accumulate):  # type: ignore[no-untyped-def]
    """y = x * scale + offset. Operands x, y; sizes rows, channels; numbers scales, then offsets."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, channels = args[8], args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for c in range(channels):
                scale = np.float32(number(args, 10 + c))
                offset = np.float32(number(args, 10 + channels + c))
                for row in range(rows):
                    k = row * channels + c
                    value = x[k] * scale + offset
                    y[k] = y[k] + value if accumulate else value

    return run


@kernel
def normalize_forward():  # type: ignore[no-untyped-def]
    """y = (x - mean) / deviation. Operands x, mean, variance, y, inverse (channels,).

    Sizes rows, channels.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, channels = args[20], args[21]
        for n in range(first, last):
            x, mean = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            variance, y = f32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
            inverse = f32(args, 4, n, lane, thread)
            for c in range(channels):
                deviation = np.sqrt(variance[c])
                inverse[c] = ONE / (LEAST_DEVIATION if deviation < LEAST_DEVIATION else deviation)
            if channels == 1:  # a loop of one turn takes five times as long
                middle, factor = mean[0], inverse[0]
                for row in range(rows):
                    y[row] = (x[row] - middle) * factor
                continue
            for row in range(rows):
                at = row * channels
                for c in range(channels):
                    y[at + c] = (x[at + c] - mean[c]) * inverse[c]

    return run


@kernel
def normalize_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = dy / deviation. Operands dy, variance, dx, inverse (channels,). Sizes rows, channels."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, channels = args[16], args[17]
        for n in range(first, last):
            dy, variance = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx, inverse = f32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
            for c in range(channels):
                deviation = np.sqrt(variance[c])
                inverse[c] = ONE / (LEAST_DEVIATION if deviation < LEAST_DEVIATION else deviation)
            if channels == 1:
                factor = inverse[0]
                for row in range(rows):
                    part = dy[row] * factor
                    dx[row] = dx[row] + part if accumulate else part
                continue
            for row in range(rows):
                at = row * channels
                for c in range(channels):
                    part = dy[at + c] * inverse[c]
                    dx[at + c] = dx[at + c] + part if accumulate else part

    return run

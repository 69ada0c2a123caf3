"""Noise: random numbers of the normal distribution, each a function of where it stands."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.bits import select
from dltrain.kernels.functions import cosine, log, sine
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import OPERAND, f32, f64, number
from dltrain.kernels.random import keys_of, philox

HALF, MINUS_TWO = np.float32(0.5), np.float32(-2)
TWO_TO_MINUS_32, TWO_TO_MINUS_30 = np.float32(2.0**-32), np.float32(2.0**-30)
QUARTER, WITHIN_QUARTER = np.uint64(30), np.uint64(2**30 - 1)


@device
def normal_pair(a, b):  # type: ignore[no-untyped-def]
    """Turn two random words into two independent numbers of mean 0 and variance 1.

    Box and Muller 1958: a gives a distance, b an angle: a quarter of the turn, and where in it.
    """
    distance = np.sqrt(MINUS_TWO * log((np.float32(a) + HALF) * TWO_TO_MINUS_32))
    within = (np.float32(b & WITHIN_QUARTER) + HALF) * TWO_TO_MINUS_30 - HALF
    quarter = b >> QUARTER
    x, y = distance * cosine(within), distance * sine(within)
    odd, back = (quarter & np.uint64(1)) != np.uint64(0), quarter >= np.uint64(2)
    x, y = select(odd, -y, x), select(odd, x, y)
    return select(back, -x, x), select(back, -y, y)


@kernel
def gaussian_noise_forward():  # type: ignore[no-untyped-def]
    """y = x + deviation * a number drawn from the normal distribution.

    Operands x, cells, y. Sizes: elements, the layer's stream. Number: deviation. The numbers are a
    function of the same as in `dropout`.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        sizes = 3 * OPERAND
        count, stream = args[sizes], np.uint64(args[sizes + 1])
        deviation = np.float32(number(args, sizes + 2))
        low, high, step = keys_of(f64(args, 1, 0, lane, thread))
        part = count // 4
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 2, n, lane, thread)
            for i in range(part):
                a, b, c, d = philox(np.uint64(i), np.uint64(n), step, stream, low, high)
                p, q = normal_pair(a, b)
                r, s = normal_pair(c, d)
                y[i] = x[i] + deviation * p
                y[part + i] = x[part + i] + deviation * q
                y[2 * part + i] = x[2 * part + i] + deviation * r
                y[3 * part + i] = x[3 * part + i] + deviation * s
            a, b, c, d = philox(np.uint64(part), np.uint64(n), step, stream, low, high)
            p, q = normal_pair(a, b)
            r, _ = normal_pair(c, d)
            for at in range(4 * part, count):
                drawn = p if at == 4 * part else (q if at == 4 * part + 1 else r)
                y[at] = x[at] + deviation * drawn

    return run

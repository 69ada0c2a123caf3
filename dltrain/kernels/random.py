"""Random numbers without a state: each is a function of where it stands.

Philox 4x32 (Salmon and others 2011): a counter of four words and a key of two give four words that
are as good as independent. Ten rounds are its authors' choice; seven are the fewest that pass
every test they tried.
"""

from __future__ import annotations

import numpy as np

from dltrain.core import cells
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import OPERAND, f32, f64, number

ROUNDS = 10
FIRST_FACTOR, SECOND_FACTOR = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
FIRST_STEP, SECOND_STEP = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
WORD, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
NOTHING = np.float32(0)


@device
def philox(a, b, c, d, first_key, second_key):  # type: ignore[no-untyped-def]
    """Mix a counter of four words with a key of two; all are 32 bits wide, held in uint64."""
    for _ in range(ROUNDS):
        p, q = a * FIRST_FACTOR, c * SECOND_FACTOR
        a, c = (q >> HALF) ^ b ^ first_key, (p >> HALF) ^ d ^ second_key
        b, d = q & WORD, p & WORD
        first_key = (first_key + FIRST_STEP) & WORD
        second_key = (second_key + SECOND_STEP) & WORD
    return a, b, c, d


@device
def keys_of(values):  # type: ignore[no-untyped-def]
    """Give the key of two words from the run's seed, and the step, from the cells."""
    seed, step = np.uint64(values[cells.SEED]), np.uint64(values[cells.STEP]) & WORD
    return seed & WORD, seed >> HALF, step


@device
def keep(x, y, at, kept, scale, accumulate):  # type: ignore[no-untyped-def]
    """Write one number of dropout's output."""
    value = x[at] * (scale if kept else NOTHING)
    y[at] = y[at] + value if accumulate else value


@kernel
def dropout(accumulate):  # type: ignore[no-untyped-def]
    """Give x * scale where a random word reaches the threshold, else x * 0, which keeps NaN.

    Operands x, cells, y. Sizes: elements, the layer's stream. Numbers: threshold in 2**-32, scale.
    The words are a function of the run's seed, the stream, the step, the sample's place in the
    batch and the element; forward and backward draw the same.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        sizes = 3 * OPERAND
        count, stream = args[sizes], np.uint64(args[sizes + 1])
        threshold = np.uint64(number(args, sizes + 2))
        scale = np.float32(number(args, sizes + 3))
        low, high, step = keys_of(f64(args, 1, 0, lane, thread))
        part = count // 4
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 2, n, lane, thread)
            for i in range(part):
                a, b, c, d = philox(np.uint64(i), np.uint64(n), step, stream, low, high)
                keep(x, y, i, a >= threshold, scale, accumulate)
                keep(x, y, part + i, b >= threshold, scale, accumulate)
                keep(x, y, 2 * part + i, c >= threshold, scale, accumulate)
                keep(x, y, 3 * part + i, d >= threshold, scale, accumulate)
            a, b, c, d = philox(np.uint64(part), np.uint64(n), step, stream, low, high)
            for at in range(4 * part, count):
                word = a if at == 4 * part else (b if at == 4 * part + 1 else c)
                keep(x, y, at, word >= threshold, scale, accumulate)

    return run


@kernel
def dropout_factors():  # type: ignore[no-untyped-def]
    """Give `scale` where a random word reaches the threshold, else 0.

    Operands cells, y. Sizes: factors, the layer's stream. Numbers: threshold in 2**-32, scale. The
    words are a function of the same as in `dropout`; forward and backward draw the same.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        sizes = 2 * OPERAND
        count, stream = args[sizes], np.uint64(args[sizes + 1])
        threshold = np.uint64(number(args, sizes + 2))
        scale = np.float32(number(args, sizes + 3))
        low, high, step = keys_of(f64(args, 0, 0, lane, thread))
        for n in range(first, last):
            y = f32(args, 1, n, lane, thread)
            for i in range(count):
                a, _, _, _ = philox(np.uint64(i), np.uint64(n), step, stream, low, high)
                y[i] = scale if a >= threshold else NOTHING

    return run

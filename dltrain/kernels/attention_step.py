"""What attention and positions do for one step of a sequence, in a run of its own.

    y = softmax(scale q [k_0 ... k_t]^T) [v_0 ... v_t]

The step's number t is in the cells. Keys are kept transposed, so that scores lie side by side.
"""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import STEP
from dltrain.kernels.bits import larger
from dltrain.kernels.functions import exp
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64, number
from dltrain.kernels.rearrange import clear, copy

ONE, ZERO = np.float32(1), np.float32(0)
LOWEST = np.float32(-np.inf)
TOGETHER = 4
"""Rows that are added to a sum at a time, so that it is read and written less often."""


@device
def add_weighted(x, start, row, p, at, rows, y, place, count):  # type: ignore[no-untyped-def]
    """Add rows of x, each times its number of p, to y[place : place + count]."""
    whole = rows // TOGETHER * TOGETHER
    for r in range(0, whole, TOGETHER):
        a, b, c, d = p[at + r], p[at + r + 1], p[at + r + 2], p[at + r + 3]
        x0 = start + r * row
        x1, x2, x3 = x0 + row, x0 + 2 * row, x0 + 3 * row
        for k in range(count):
            y[place + k] += (a * x[x0 + k] + b * x[x1 + k]) + (c * x[x2 + k] + d * x[x3 + k])
    for r in range(whole, rows):
        a, x0 = p[at + r], start + r * row
        for k in range(count):
            y[place + k] += a * x[x0 + k]


@device
def to_shares(s, count, scale):  # type: ignore[no-untyped-def]
    """Turn scores into exponentials; give what makes their sum 1."""
    top, total = LOWEST, ZERO
    for k in range(count):
        top = larger(top, s[k] * scale)
    for k in range(count):
        s[k] = exp(s[k] * scale - top)
    for k in range(count):
        total += s[k]
    return ONE / total


@device
def keep(k, v, keys, values, t, room, key_row, value_row):  # type: ignore[no-untyped-def]
    """Put the step's key and value among the kept ones."""
    for f in range(key_row):
        keys[f * room + t] = k[f]
    copy(v, 0, values, t * value_row, value_row)


@kernel
def attention_step():  # type: ignore[no-untyped-def]
    """Attend from one step to all so far.

    Operands q (heads, key features), k (groups, key features), v (groups, value features), cells,
    keys (groups, key features, room), values (room, groups, value features), scores (room,), y
    (heads, value features). Sizes: heads, groups, key features, value features, room. Number:
    scale.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        heads, groups, features, v_features, room = args[32], args[33], args[34], args[35], args[36]
        scale, t = np.float32(number(args, 37)), np.int64(f64(args, 3, 0, lane, thread)[STEP])
        keys, values = f32(args, 4, 0, lane, thread), f32(args, 5, 0, lane, thread)
        for n in range(first, last):
            q, k = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            v, s = f32(args, 2, n, lane, thread), f32(args, 6, n, lane, thread)
            y, row = f32(args, 7, n, lane, thread), groups * v_features
            keep(k, v, keys, values, t, room, groups * features, row)
            clear(y, 0, heads * v_features)
            for h in range(heads):
                g = h * groups // heads
                place = h * v_features
                clear(s, 0, t + 1)
                add_weighted(
                    keys, g * features * room, room, q, h * features, features, s, 0, t + 1
                )
                share = to_shares(s, t + 1, scale)
                add_weighted(values, g * v_features, row, s, 0, t + 1, y, place, v_features)
                for f in range(place, place + v_features):
                    y[f] = y[f] * share

    return run


@kernel
def rotate_step():  # type: ignore[no-untyped-def]
    """Turn pairs of numbers by the angles of the step; number i is paired with half + i.

    Operands waves (positions, sines and cosines of half), cells, x (heads, two halves; changed in
    place). Sizes: heads, half.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        heads, half = args[12], args[13]
        waves, t = f32(args, 0, 0, lane, thread), np.int64(f64(args, 1, 0, lane, thread)[STEP])
        for n in range(first, last):
            x = f32(args, 2, n, lane, thread)
            for head in range(heads):
                near = head * 2 * half
                for i in range(half):
                    sine, cosine = waves[2 * t * half + i], waves[(2 * t + 1) * half + i]
                    a, b = x[near + i], x[near + half + i]
                    x[near + i] = a * cosine - b * sine
                    x[near + half + i] = b * cosine + a * sine

    return run


@kernel
def add_step():  # type: ignore[no-untyped-def]
    """y = x + the table's row of the step. Operands x, table, cells, y; size: features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        features, table = args[16], f32(args, 1, 0, lane, thread)
        start = np.int64(f64(args, 2, 0, lane, thread)[STEP]) * features
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 3, n, lane, thread)
            for k in range(features):
                y[k] = x[k] + table[start + k]

    return run

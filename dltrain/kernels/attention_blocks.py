"""What attention does with a block of scores both ways: hide keys, leave weights out, turn rows.

A block holds the scores of some queries (rows) and of some keys (columns); behind its last key it
is filled up to its width, a multiple of 16.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from dltrain.kernels.integers import larger_of, smaller, steps
from dltrain.kernels.kernel import device
from dltrain.kernels.memory import number
from dltrain.kernels.random import WORD, keys_of, philox
from dltrain.kernels.simd import splat, store_first
from dltrain.kernels.transposed import turn_square

ZERO = np.float32(0)
LOWEST = np.float32(-np.inf)

Extents = namedtuple("Extents", "queries keys heads groups features v_features high wide")
"""Queries, keys, heads, groups of them that share keys; numbers of a key and of a value; rows and
columns of a block."""


@device
def extents_of(args, at):  # type: ignore[no-untyped-def]
    """Read the extents from word `at` on."""
    return Extents(
        args[at], args[at + 1], args[at + 2], args[at + 3],
        args[at + 4], args[at + 5], args[at + 6], args[at + 7],
    )  # fmt: skip


@device
def begins(h, heads, groups):  # type: ignore[no-untyped-def]
    """Tell whether head h is the first of those that share keys and values."""
    return h * groups % heads == 0


@device
def keys_seen(i, j, count, ahead, causal):  # type: ignore[no-untyped-def]
    """Count the keys of a block, from key j on, that query i may see.

    The last query sees all keys; `ahead` is how many more keys than queries there are.
    """
    return larger_of(0, smaller(count, i + ahead + 1 - j)) if causal else count


def covering(causal, padded):  # type: ignore[no-untyped-def]
    """Make the function that gives keys that may not be seen the lowest of all scores."""

    @device
    def cover(s, rows, block, i, j, count, ahead, mask):  # type: ignore[no-untyped-def]
        """Cover keys of queries i and on: later ones, padding, and what is behind the last."""
        for r in range(rows):
            at, seen = r * block, keys_seen(i + r, j, count, ahead, causal)
            if padded:
                for k in range(seen):
                    s[at + k] = s[at + k] if mask[j + k] != ZERO else LOWEST
            for k in range(at + seen, at + block):
                s[k] = LOWEST

    return cover


def turning(width):  # type: ignore[no-untyped-def]
    """Make the function that transposes blocks of rows."""

    @device
    def turn(x, row, keys, features, block, y):  # type: ignore[no-untyped-def]
        """Write y (blocks, features, block), zero behind the last row; x and y are addresses."""
        nothing = splat(width, ZERO)
        for kb in range(steps(keys, block)):
            j = kb * block
            count, there = smaller(block, keys - j), y + 4 * j * features
            for k in range(0, count, width):
                for c in range(0, features, width):
                    turn_square(
                        width, x + 4 * ((j + k) * row + c), 4 * row,
                        there + 4 * (c * block + k), 4 * block,
                        smaller(width, count - k), smaller(width, features - c),
                    )  # fmt: skip
            for c in range(features):
                for k in range(count, block, width):
                    store_first(there + 4 * (c * block + k), nothing, smaller(width, block - k))

    return turn


@device
def draw(factors, block, cells, n, row, args, at):  # type: ignore[no-untyped-def]
    """Draw what a row of weights is multiplied by: 0 for those that are left out.

    It has number `row` among the rows of all blocks of sample n. Words `at` and on are the stream,
    the scale, the threshold and the factor of those that stay. What is drawn is a function of the
    same as in `dropout`; forward and backward draw the same.
    """
    stream, threshold = np.uint64(args[at]), np.uint64(number(args, at + 2))
    stay = np.float32(number(args, at + 3))
    low, high, step = keys_of(cells)
    part = block // 4
    for i in range(part):
        place = np.uint64(row * part + i) & WORD
        a, b, c, d = philox(place, np.uint64(n), step, stream, low, high)
        factors[i] = stay if a >= threshold else ZERO
        factors[part + i] = stay if b >= threshold else ZERO
        factors[2 * part + i] = stay if c >= threshold else ZERO
        factors[3 * part + i] = stay if d >= threshold else ZERO


@device
def multiply_by(s, start, count, factors):  # type: ignore[no-untyped-def]
    """Multiply some numbers by as many factors."""
    for k in range(count):
        s[start + k] = s[start + k] * factors[k]

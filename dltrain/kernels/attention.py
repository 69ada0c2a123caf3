"""Attention of one sample, head by head and block by block: no matrix of all scores is kept.

    y = softmax(scale q k^T) v

A block of queries meets one block of keys after the other. The largest score and the sum of
exponentials so far are those of the keys seen; a larger score scales down what was summed. Queries
that may see no key give zeros. Heads may share keys and values in groups. Weights that dropout
leaves out count in the sums: what is left of a row need not sum to one.

Source: Milakov, Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from dltrain.kernels.attention_blocks import (
    LOWEST,
    begins,
    covering,
    draw,
    extents_of,
    keys_seen,
    multiply_by,
    turning,
)
from dltrain.kernels.bits import select
from dltrain.kernels.functions import exp, log
from dltrain.kernels.integers import smaller, steps
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32, f64, floats, number
from dltrain.kernels.simd import highest, load, splat, where_less
from dltrain.kernels.strips import Left, Result, Right, multiplying

ZERO, ONE = np.float32(0), np.float32(1)


State = namedtuple("State", "tops sums news totals factors")
"""Of each query of a block: the largest score and the sum of exponentials so far; with the keys at
hand the largest score, the sum of their exponentials, and what earlier sums are multiplied by."""


@device
def state_of(own, count):  # type: ignore[no-untyped-def]
    """Give the state of `count` queries, which lies in rows from an address on."""
    row = 4 * count
    return State(
        floats(own), floats(own + row), floats(own + 2 * row), floats(own + 3 * row),
        floats(own + 4 * row),
    )  # fmt: skip


@device
def forget(state, rows):  # type: ignore[no-untyped-def]
    """Forget the keys that other queries have seen."""
    for r in range(rows):
        state.tops[r], state.sums[r] = LOWEST, ZERO


def topping(width):  # type: ignore[no-untyped-def]
    """Make the function that finds the largest number of a row."""

    @device
    def top_of(row, count):  # type: ignore[no-untyped-def]
        """Look at `count` numbers from an address on; NaN are passed over."""
        top = splat(width, LOWEST)
        for k in range(0, count, width):
            some = load(width, row + 4 * k)
            top = where_less(top, some, some, top)
        return highest(top)

    return top_of


@device
def level(top):  # type: ignore[no-untyped-def]
    """Give what is taken from scores: where all keys are hidden, exponentials are 0, not NaN."""
    return select(top == LOWEST, ZERO, top)


def weighing(width):  # type: ignore[no-untyped-def]
    """Make the function that turns scores into exponentials."""
    top_of = topping(width)

    @device
    def weigh(s, scores, rows, block, scale, state):  # type: ignore[no-untyped-def]
        """Take rows of scores, and what is known of their queries.

        Step by step for all rows: the processor works on many of them at once.
        """
        tops, sums, news, totals, factors = state
        for r in range(rows):
            news[r] = top_of(scores + 4 * r * block, block) * scale
        for r in range(rows):
            news[r] = tops[r] if news[r] < tops[r] else news[r]
        for r in range(rows):
            top = level(news[r])
            for k in range(r * block, (r + 1) * block):
                s[k] = exp(s[k] * scale - top)
        for r in range(rows):
            total = ZERO
            for k in range(r * block, (r + 1) * block):
                total += s[k]
            totals[r] = total
        for r in range(rows):
            factors[r] = exp(tops[r] - level(news[r]))
            sums[r] = sums[r] * factors[r] + totals[r]
            tops[r] = news[r]

    return weigh


@device
def scale_rows(y, first, row, rows, count, factors):  # type: ignore[no-untyped-def]
    """Multiply each row by its factor."""
    for r in range(rows):
        factor = factors[r]
        for k in range(first + r * row, first + r * row + count):
            y[k] = y[k] * factor


def gathering(width, mr, nv, nv_tail, masked):  # type: ignore[no-untyped-def]
    """Make the function that adds values, times their weights, to what was summed before."""
    gather_first = multiplying(width, mr, nv, nv_tail, masked, 0)
    gather_more = multiplying(width, mr, nv, nv_tail, masked, 2)

    @device
    def gather(a, b, c, rows, count, features, factors, is_first):  # type: ignore[no-untyped-def]
        if is_first:
            gather_first(a, b, 0, c, rows, count)
        else:
            scale_rows(floats(c.pointer), 0, c.row, rows, features, factors)
            gather_more(a, b, 0, c, rows, count)

    return gather


@device
def drop(s, left, rows, block, cells, n, row, apart, args, at):  # type: ignore[no-untyped-def]
    """Multiply rows of weights by what is drawn for them: numbers `row`, `row` + `apart` and on."""
    for r in range(rows):
        draw(left, block, cells, n, row + r * apart, args, at)
        multiply_by(s, r * block, block, left)


@device
def finish(y, first, row, rows, features, state, spans, at):  # type: ignore[no-untyped-def]
    """Divide rows of y by their sums, and leave the logarithms."""
    for r in range(rows):
        total = state.sums[r]
        spans[at + r] = select(total == ZERO, ZERO, state.tops[r] + log(total))
        state.factors[r] = ONE / select(total == ZERO, ONE, total)
    scale_rows(y, first, row, rows, features, state.factors)


@kernel
def attention_forward(  # type: ignore[no-untyped-def]
    width, mr, nv, nv_tail, masked, v_mr, v_nv, v_nv_tail, v_masked, causal, padded, dropped
):
    """Attend.

    Operands q (queries, heads, key features), k (keys, groups, key features), v (keys, groups,
    value features), mask (keys,): 0 where a key is padding, read where `padded`; cells; y (queries,
    heads, value features), spans (heads, queries): the logarithm of each sum of exponentials; a
    thread's own turned keys (blocks, key features, key block), scores (query block, key block),
    statistics (5, query block), factors (key block,). Sizes: queries, keys, heads, groups, key
    features, value features, query block, key block; full blocks and rest columns of scores, of
    values; the layer's stream. Numbers: scale; where weights are `dropped`, the threshold in
    2**-32, and the factor of those that stay.
    """
    score = multiplying(width, mr, nv, nv_tail, masked, 0)
    gather = gathering(width, v_mr, v_nv, v_nv_tail, v_masked)
    turn, cover, weigh = turning(width), covering(causal, padded), weighing(width)
    columns, v_columns = nv * width, v_nv * width

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        e, scale = extents_of(args, 44), np.float32(number(args, 57))
        ahead, blocks = e.keys - e.queries, steps(e.keys, e.wide)
        q_row, k_row = e.heads * e.features, e.groups * e.features
        v_row, y_row = e.groups * e.v_features, e.heads * e.v_features
        turned, scores = address(args, 7, 0, lane, thread), address(args, 8, 0, lane, thread)
        s, left = f32(args, 8, 0, lane, thread), f32(args, 10, 0, lane, thread)
        state = state_of(address(args, 9, 0, lane, thread), e.high)
        s_full, s_rest, v_full, v_rest = args[52], args[53], args[54], args[55]
        for n in range(first, last):
            q, k = address(args, 0, n, lane, thread), address(args, 1, n, lane, thread)
            v, mask = address(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
            y, out = f32(args, 5, n, lane, thread), address(args, 5, n, lane, thread)
            spans = f32(args, 6, n, lane, thread)
            for h in range(e.heads):
                g = h * e.groups // e.heads
                if begins(h, e.heads, e.groups):
                    turn(k + 4 * g * e.features, k_row, e.keys, e.features, e.wide, turned)
                for qb in range(steps(e.queries, e.high)):
                    i = qb * e.high
                    rows, at = smaller(e.high, e.queries - i), h * e.queries + i
                    forget(state, rows)
                    place = i * y_row + h * e.v_features
                    a_q = Left(q + 4 * (i * q_row + h * e.features), q_row, 1)
                    for kb in range(blocks):
                        j = kb * e.wide
                        count = smaller(e.wide, e.keys - j)
                        if kb > 0 and keys_seen(i + rows - 1, j, count, ahead, causal) == 0:
                            break
                        b = Right(turned + 4 * j * e.features, columns, e.wide, s_full, s_rest)
                        score(a_q, b, 0, Result(scores, e.wide), rows, e.features)
                        cover(s, rows, e.wide, i, j, count, ahead, mask)
                        weigh(s, scores, rows, e.wide, scale, state)
                        if dropped:
                            cells, row = f64(args, 4, 0, lane, thread), at * blocks + kb
                            drop(s, left, rows, e.wide, cells, n, row, blocks, args, 56)
                        near = v + 4 * (j * v_row + g * e.v_features)
                        b = Right(near, v_columns, v_row, v_full, v_rest)
                        a, c = Left(scores, e.wide, 1), Result(out + 4 * place, y_row)
                        gather(a, b, c, rows, count, e.v_features, state.factors, kb == 0)
                    finish(y, place, y_row, rows, e.v_features, state, spans, at)

    return run

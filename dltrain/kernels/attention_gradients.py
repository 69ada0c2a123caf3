"""The way back through attention, block by block: probabilities are computed once more.

With p the probabilities, ds = p * (dy v^T - delta) * scale, delta the sum of dy * y of each query.
Then dq = ds k, dk = ds^T q and dv = p^T dy.

Source: Dao et al. 2022, arXiv:2205.14135.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from dltrain.kernels.attention_blocks import (
    begins,
    covering,
    draw,
    extents_of,
    keys_seen,
    multiply_by,
    turning,
)
from dltrain.kernels.functions import exp
from dltrain.kernels.integers import smaller, steps
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32, f64, number
from dltrain.kernels.rearrange import clear
from dltrain.kernels.strips import Left, Result, Right, multiplying

ZERO = np.float32(0)
SIZES, STREAM = 68, 82
"""Where, in the words of `attention_backward`, its sizes begin and the stream stands."""


@device
def dot_rows(a, b, first, row, rows, count, y):  # type: ignore[no-untyped-def]
    """Sum products of rows at the same place in both."""
    for r in range(rows):
        total = ZERO
        for k in range(first + r * row, first + r * row + count):
            total += a[k] * b[k]
        y[r] = total


@device
def to_shares(s, start, count, scale, span):  # type: ignore[no-untyped-def]
    """Turn a row of scores into probabilities."""
    for k in range(start, start + count):
        s[k] = exp(s[k] * scale - span)


@device
def to_slopes(s, ds, start, count, delta, scale):  # type: ignore[no-untyped-def]
    """Turn a row of gradients of probabilities into those of scores."""
    for k in range(start, start + count):
        ds[k] = s[k] * (ds[k] - delta) * scale


def turning_rows(dropped):  # type: ignore[no-untyped-def]
    """Make the function that turns rows of scores into weights, and their gradients into slopes."""

    @device
    def to_weights(s, ds, room, block, rows, spans, at, apart, n, args):  # type: ignore[no-untyped-def]
        """Take the rows of queries `at` and on; `apart` is the number of their blocks of keys."""
        deltas, left, cells, scale, kb = room
        for r in range(rows):
            start = r * block
            to_shares(s, start, block, scale, spans[at + r])
            if dropped:
                draw(left, block, cells, n, (at + r) * apart + kb, args, STREAM)
                multiply_by(ds, start, block, left)
            to_slopes(s, ds, start, block, deltas[r], scale)
            if dropped:
                multiply_by(s, start, block, left)

    return to_weights


Places = namedtuple("Places", "q k dy dq dk dv k_turned v_turned scores slopes")
"""Addresses of what a block of queries and a block of keys meet with, of one head."""
Rests = namedtuple("Rests", "s_full s_rest k_full k_rest v_full v_rest")
"""Full blocks and rest columns of tiles: of scores, of keys, of values."""


def scoring(width, mr, nv, nv_tail, masked):  # type: ignore[no-untyped-def]
    """Make the function of a block's scores, and of its weights' gradients: q k^T and dy v^T."""
    score, columns = multiplying(width, mr, nv, nv_tail, masked, 0), nv * width

    @device
    def score_both(p, e, rests, rows):  # type: ignore[no-untyped-def]
        a = Left(p.q, e.heads * e.features, 1)
        b = Right(p.k_turned, columns, e.wide, rests.s_full, rests.s_rest)
        score(a, b, 0, Result(p.scores, e.wide), rows, e.features)
        a = Left(p.dy, e.heads * e.v_features, 1)
        b = Right(p.v_turned, columns, e.wide, rests.s_full, rests.s_rest)
        score(a, b, 0, Result(p.slopes, e.wide), rows, e.v_features)

    return score_both


def adding(width, keys, values):  # type: ignore[no-untyped-def]
    """Make the function that adds what a block gives to dq, dk and dv.

    `keys` and `values` are the tilings of their features: (mr, nv, nv_tail, masked).
    """
    add_keys = multiplying(width, keys[0], keys[1], keys[2], keys[3], 2)
    add_values = multiplying(width, values[0], values[1], values[2], values[3], 2)
    k_columns, v_columns = keys[1] * width, values[1] * width

    @device
    def add_all(p, e, rests, rows, count):  # type: ignore[no-untyped-def]
        q_row, k_row = e.heads * e.features, e.groups * e.features
        b = Right(p.dy, v_columns, e.heads * e.v_features, rests.v_full, rests.v_rest)
        c = Result(p.dv, e.groups * e.v_features)
        add_values(Left(p.scores, 1, e.wide), b, 0, c, count, rows)
        b = Right(p.q, k_columns, q_row, rests.k_full, rests.k_rest)
        add_keys(Left(p.slopes, 1, e.wide), b, 0, Result(p.dk, k_row), count, rows)
        b = Right(p.k, k_columns, k_row, rests.k_full, rests.k_rest)
        add_keys(Left(p.slopes, e.wide, 1), b, 0, Result(p.dq, q_row), rows, count)

    return add_all


@kernel
def attention_backward(  # type: ignore[no-untyped-def]
    width, mr, nv, nv_tail, masked, k_mr, k_nv, k_nv_tail, k_masked, v_mr, v_nv, v_nv_tail,
    v_masked, causal, padded, dropped,
):  # fmt: skip
    """Give the gradients of q, k and v.

    Operands q, k, v, y, spans as `attention_forward` has them, dy, mask, cells, dq, dk, dv; a
    thread's own turned keys and turned values (blocks, features, key block), scores and slopes
    (query block, key block), deltas (query block,), factors (key block,). Sizes: queries, keys,
    heads, groups, key features, value features, query block, key block; full blocks and rest
    columns of scores, of keys, of values; stream and numbers as those of forward.
    """
    score_both = scoring(width, mr, nv, nv_tail, masked)
    add_all = adding(width, (k_mr, k_nv, k_nv_tail, k_masked), (v_mr, v_nv, v_nv_tail, v_masked))
    turn, cover, to_weights = turning(width), covering(causal, padded), turning_rows(dropped)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        e, scale = extents_of(args, SIZES), np.float32(number(args, STREAM + 1))
        rests = Rests(args[76], args[77], args[78], args[79], args[80], args[81])
        ahead, blocks = e.keys - e.queries, steps(e.keys, e.wide)
        q_row, k_row = e.heads * e.features, e.groups * e.features
        v_row, y_row = e.groups * e.v_features, e.heads * e.v_features
        k_turned, v_turned = address(args, 11, 0, lane, thread), address(args, 12, 0, lane, thread)
        s, scores = f32(args, 13, 0, lane, thread), address(args, 13, 0, lane, thread)
        ds, slopes = f32(args, 14, 0, lane, thread), address(args, 14, 0, lane, thread)
        deltas, left = f32(args, 15, 0, lane, thread), f32(args, 16, 0, lane, thread)
        for n in range(first, last):
            clear(f32(args, 8, n, lane, thread), 0, e.queries * q_row)
            clear(f32(args, 9, n, lane, thread), 0, e.keys * k_row)
            clear(f32(args, 10, n, lane, thread), 0, e.keys * v_row)
            q, k = address(args, 0, n, lane, thread), address(args, 1, n, lane, thread)
            v, mask = address(args, 2, n, lane, thread), f32(args, 6, n, lane, thread)
            dq, dk = address(args, 8, n, lane, thread), address(args, 9, n, lane, thread)
            dv, dy = address(args, 10, n, lane, thread), address(args, 5, n, lane, thread)
            y, gradient = f32(args, 3, n, lane, thread), f32(args, 5, n, lane, thread)
            spans = f32(args, 4, n, lane, thread)
            for h in range(e.heads):
                g = h * e.groups // e.heads
                if begins(h, e.heads, e.groups):
                    turn(k + 4 * g * e.features, k_row, e.keys, e.features, e.wide, k_turned)
                    turn(v + 4 * g * e.v_features, v_row, e.keys, e.v_features, e.wide, v_turned)
                for qb in range(steps(e.queries, e.high)):
                    i = qb * e.high
                    rows, at = smaller(e.high, e.queries - i), h * e.queries + i
                    here, place = 4 * (i * q_row + h * e.features), i * y_row + h * e.v_features
                    dot_rows(y, gradient, place, y_row, rows, e.v_features, deltas)
                    for kb in range(blocks):
                        j = kb * e.wide
                        count = smaller(e.wide, e.keys - j)
                        if keys_seen(i + rows - 1, j, count, ahead, causal) == 0:
                            break
                        near = 4 * (j * k_row + g * e.features)
                        p = Places(
                            q + here, k + near, dy + 4 * place,
                            dq + here, dk + near, dv + 4 * (j * v_row + g * e.v_features),
                            k_turned + 4 * j * e.features, v_turned + 4 * j * e.v_features,
                            scores, slopes,
                        )  # fmt: skip
                        score_both(p, e, rests, rows)
                        cover(s, rows, e.wide, i, j, count, ahead, mask)
                        room = (deltas, left, f64(args, 7, 0, lane, thread), scale, kb)
                        to_weights(s, ds, room, e.wide, rows, spans, at, blocks, n, args)
                        add_all(p, e, rests, rows, count)

    return run

"""Attention of one sample, head by head and block by block: no matrix of all scores is kept.

    y = softmax(scale q k^T) v

A block of queries meets one block of keys after the other. The largest score and the sum of
exponentials so far are those of the keys seen; a larger score scales down what was summed. Queries
that may see no key give zeros. Heads may share keys and values in groups. Weights that dropout
leaves out count in the sums: what is left of a row need not sum to one.

Source: Milakov, Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.bits import larger
from dltrain.kernels.functions import exp, log
from dltrain.kernels.integers import larger_of, smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32, f64, number
from dltrain.kernels.random import WORD, keys_of, philox
from dltrain.kernels.rearrange import clear
from dltrain.kernels.strips import Left, Result, Right, multiplying

BLOCK = 64
"""Queries, and keys, that meet at a time."""
ZERO, ONE = np.float32(0), np.float32(1)
LOWEST = np.float32(-np.inf)


@device
def turn(x, first, row, keys, features, y):  # type: ignore[no-untyped-def]
    """Transpose blocks of rows: y is (blocks, features, BLOCK), zero behind the last row."""
    blocks = (keys + BLOCK - 1) // BLOCK
    for b in range(blocks):
        count = smaller(BLOCK, keys - b * BLOCK)
        for c in range(features):
            place = (b * features + c) * BLOCK
            for j in range(count):
                y[place + j] = x[first + (b * BLOCK + j) * row + c]
            for j in range(count, BLOCK):
                y[place + j] = ZERO


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


@device
def hide(padded, s, start, seen, mask, key):  # type: ignore[no-untyped-def]
    """Give the keys that are padding, from `key` on, the lowest of all scores."""
    if padded:
        for k in range(seen):
            s[start + k] = s[start + k] if mask[key + k] != ZERO else LOWEST


@device
def weigh(s, start, seen, scale, tops, sums, i):  # type: ignore[no-untyped-def]
    """Turn a row of scores into exponentials; give what earlier sums are to be multiplied by."""
    top = tops[i]
    for k in range(start, start + seen):
        top = larger(top, s[k] * scale)
    if top == LOWEST:
        clear(s, start, start + BLOCK)
        return ONE
    total = ZERO
    for k in range(start, start + seen):
        s[k] = exp(s[k] * scale - top)
    for k in range(start, start + seen):
        total += s[k]
    clear(s, start + seen, start + BLOCK)
    factor = exp(tops[i] - top)
    sums[i] = sums[i] * factor + total
    tops[i] = top
    return factor


@device
def scale_row(y, start, count, factor):  # type: ignore[no-untyped-def]
    """Multiply some numbers."""
    for k in range(start, start + count):
        y[k] = y[k] * factor


@device
def begin(y, first, row, rows, features, tops, sums):  # type: ignore[no-untyped-def]
    """Set rows of y to zero, of which no key is known yet."""
    for i in range(rows):
        clear(y, first + i * row, first + i * row + features)
        tops[i], sums[i] = LOWEST, ZERO


@device
def finish(y, first, row, rows, features, tops, sums, spans, at):  # type: ignore[no-untyped-def]
    """Divide rows of y by their sums, and leave the logarithms."""
    for i in range(rows):
        total = sums[i]
        scale_row(y, first + i * row, features, ONE / total if total > ZERO else ONE)
        spans[at + i] = tops[i] + log(total) if total > ZERO else ZERO
        if total != total:
            spans[at + i] = total


@device
def weights_before(row, j, keys):  # type: ignore[no-untyped-def]
    """Count the blocks of weights before that of key j in a row of all heads' queries."""
    return row * ((keys + BLOCK - 1) // BLOCK) + j // BLOCK


@device
def draw(dropped, factors, cells, n, block, args, at):  # type: ignore[no-untyped-def]
    """Draw what a block of weights is multiplied by: 0 for those that are left out.

    Words `at` and on are the stream, the scale, the threshold and the factor of those that stay.
    What is drawn is a function of the same as in `dropout`; forward and backward draw the same.
    """
    if dropped:
        stream, threshold = np.uint64(args[at]), np.uint64(number(args, at + 2))
        stay = np.float32(number(args, at + 3))
        low, high, step = keys_of(cells)
        part = BLOCK // 4
        for i in range(part):
            place = np.uint64(block * part + i) & WORD
            a, b, c, d = philox(place, np.uint64(n), step, stream, low, high)
            factors[i] = stay if a >= threshold else ZERO
            factors[part + i] = stay if b >= threshold else ZERO
            factors[2 * part + i] = stay if c >= threshold else ZERO
            factors[3 * part + i] = stay if d >= threshold else ZERO


@device
def multiply_by(dropped, s, start, factors):  # type: ignore[no-untyped-def]
    """Multiply a block of a row by factors, where there are any."""
    if dropped:
        for k in range(BLOCK):
            s[start + k] = s[start + k] * factors[k]


@kernel
def attention_forward(  # type: ignore[no-untyped-def]
    width, mr, nv, nv_tail, masked, v_mr, v_nv, v_nv_tail, v_masked, causal, padded, dropped
):
    """Attend.

    Operands q (queries, heads, key features), k (keys, groups, key features), v (keys, groups,
    value features), mask (keys,): 0 where a key is padding, read where `padded`; cells; y (queries,
    heads, value features), spans (heads, queries): the logarithm of each sum of exponentials; a
    thread's own turned (blocks, key features, 64), scores (64, 64), tops, sums and factors (64,).
    Sizes: queries, keys, heads, groups, key features, value features; full blocks and rest columns
    of scores, of values; the layer's stream. Numbers: scale; where weights are `dropped`, the
    threshold in 2**-32, and the factor of those that stay.
    """
    score = multiplying(width, mr, nv, nv_tail, masked, 0)
    gather = multiplying(width, v_mr, v_nv, v_nv_tail, v_masked, 2)
    block, v_block = nv * width, v_nv * width

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        queries, keys, heads, groups = args[48], args[49], args[50], args[51]
        features, v_features, scale = args[52], args[53], np.float32(number(args, 59))
        q_row, k_row = heads * features, groups * features
        v_row, y_row = groups * v_features, heads * v_features
        turned, there = f32(args, 7, 0, lane, thread), address(args, 7, 0, lane, thread)
        s, scores = f32(args, 8, 0, lane, thread), address(args, 8, 0, lane, thread)
        factors, cells = f32(args, 11, 0, lane, thread), f64(args, 4, 0, lane, thread)
        tops, sums = f32(args, 9, 0, lane, thread), f32(args, 10, 0, lane, thread)
        for n in range(first, last):
            q, v = address(args, 0, n, lane, thread), address(args, 2, n, lane, thread)
            k, y = f32(args, 1, n, lane, thread), f32(args, 5, n, lane, thread)
            out, spans = address(args, 5, n, lane, thread), f32(args, 6, n, lane, thread)
            for h in range(heads):
                g = h * groups // heads
                if begins(h, heads, groups):
                    turn(k, g * features, k_row, keys, features, turned)
                for i in range(0, queries, BLOCK):
                    rows = smaller(BLOCK, queries - i)
                    place = i * y_row + h * v_features
                    begin(y, place, y_row, rows, v_features, tops, sums)
                    for j in range(0, keys, BLOCK):
                        count = smaller(BLOCK, keys - j)
                        if keys_seen(i + rows - 1, j, count, keys - queries, causal) == 0:
                            break
                        a = Left(q + 4 * (i * q_row + h * features), q_row, 1)
                        b = Right(there + 4 * j * features, block, BLOCK, args[54], args[55])
                        score(a, b, 0, Result(scores, BLOCK), rows, features)
                        for r in range(rows):
                            seen = keys_seen(i + r, j, count, keys - queries, causal)
                            hide(padded, s, r * BLOCK, seen, f32(args, 3, n, lane, thread), j)
                            factor = weigh(s, r * BLOCK, seen, scale, tops, sums, r)
                            row = weights_before(h * queries + i + r, j, keys)
                            draw(dropped, factors, cells, n, row, args, 58)
                            multiply_by(dropped, s, r * BLOCK, factors)
                            if j > 0:
                                scale_row(y, place + r * y_row, v_features, factor)
                        values = v + 4 * (j * v_row + g * v_features)
                        b = Right(values, v_block, v_row, args[56], args[57])
                        a, c = Left(scores, BLOCK, 1), Result(out + 4 * place, y_row)
                        gather(a, b, 0, c, rows, count)
                    at = h * queries + i
                    finish(y, place, y_row, rows, v_features, tops, sums, spans, at)

    return run


@device
def slope(s, dp, start, seen, delta, span, scale):  # type: ignore[no-untyped-def]
    """Turn a row of scores into probabilities, and one of their gradients into those of scores."""
    for k in range(start, start + seen):
        s[k] = exp(s[k] * scale - span)
    clear(s, start + seen, start + BLOCK)
    for k in range(start, start + BLOCK):
        dp[k] = s[k] * (dp[k] - delta) * scale


@device
def dot(a, b, start, count):  # type: ignore[no-untyped-def]
    """Sum products of two rows at the same place."""
    total = ZERO
    for k in range(start, start + count):
        total += a[k] * b[k]
    return total


@kernel
def attention_backward(  # type: ignore[no-untyped-def]
    width, mr, nv, nv_tail, masked, k_mr, k_nv, k_nv_tail, k_masked, v_mr, v_nv, v_nv_tail,
    v_masked, causal, padded, dropped,
):  # fmt: skip
    """Give the gradients of q, k and v.

    Operands q, k, v, y, spans as `attention_forward` has them, dy, mask, cells, dq, dk, dv; a
    thread's own turned keys and turned values (blocks, features, 64), scores and slopes (64, 64),
    factors (64,). Sizes: queries, keys, heads, groups, key features, value features; full blocks
    and rest columns of scores, of keys, of values; stream and numbers as those of forward.
    """
    score = multiplying(width, mr, nv, nv_tail, masked, 0)
    add_keys = multiplying(width, k_mr, k_nv, k_nv_tail, k_masked, 2)
    add_values = multiplying(width, v_mr, v_nv, v_nv_tail, v_masked, 2)
    block, k_block, v_block = nv * width, k_nv * width, v_nv * width

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        queries, keys, heads, groups = args[64], args[65], args[66], args[67]
        features, v_features, scale = args[68], args[69], np.float32(number(args, 77))
        q_row, k_row = heads * features, groups * features
        v_row, y_row = groups * v_features, heads * v_features
        turned, turned_at = f32(args, 11, 0, lane, thread), address(args, 11, 0, lane, thread)
        values, values_at = f32(args, 12, 0, lane, thread), address(args, 12, 0, lane, thread)
        s, scores = f32(args, 13, 0, lane, thread), address(args, 13, 0, lane, thread)
        factors, cells = f32(args, 15, 0, lane, thread), f64(args, 7, 0, lane, thread)
        ds, slopes = f32(args, 14, 0, lane, thread), address(args, 14, 0, lane, thread)
        for n in range(first, last):
            clear(f32(args, 8, n, lane, thread), 0, queries * q_row)
            clear(f32(args, 9, n, lane, thread), 0, keys * k_row)
            clear(f32(args, 10, n, lane, thread), 0, keys * v_row)
            q, k = address(args, 0, n, lane, thread), address(args, 1, n, lane, thread)
            dq, dk = address(args, 8, n, lane, thread), address(args, 9, n, lane, thread)
            dv, dy = address(args, 10, n, lane, thread), address(args, 5, n, lane, thread)
            y, gradient = f32(args, 3, n, lane, thread), f32(args, 5, n, lane, thread)
            spans = f32(args, 4, n, lane, thread)
            for h in range(heads):
                g = h * groups // heads
                if begins(h, heads, groups):
                    x, z = f32(args, 1, n, lane, thread), f32(args, 2, n, lane, thread)
                    turn(x, g * features, k_row, keys, features, turned)
                    turn(z, g * v_features, v_row, keys, v_features, values)
                for i in range(0, queries, BLOCK):
                    rows = smaller(BLOCK, queries - i)
                    here, place = i * q_row + h * features, i * y_row + h * v_features
                    for j in range(0, keys, BLOCK):
                        count = smaller(BLOCK, keys - j)
                        if keys_seen(i + rows - 1, j, count, keys - queries, causal) == 0:
                            break
                        b = Right(turned_at + 4 * j * features, block, BLOCK, args[70], args[71])
                        a, c = Left(q + 4 * here, q_row, 1), Result(scores, BLOCK)
                        score(a, b, 0, c, rows, features)
                        b = Right(values_at + 4 * j * v_features, block, BLOCK, args[70], args[71])
                        a, c = Left(dy + 4 * place, y_row, 1), Result(slopes, BLOCK)
                        score(a, b, 0, c, rows, v_features)
                        for r in range(rows):
                            seen = keys_seen(i + r, j, count, keys - queries, causal)
                            hide(padded, s, r * BLOCK, seen, f32(args, 6, n, lane, thread), j)
                            span, row = spans[h * queries + i + r], place + r * y_row
                            delta = dot(y, gradient, row, v_features)
                            before = weights_before(h * queries + i + r, j, keys)
                            draw(dropped, factors, cells, n, before, args, 76)
                            multiply_by(dropped, ds, r * BLOCK, factors)
                            slope(s, ds, r * BLOCK, seen, delta, span, scale)
                            multiply_by(dropped, s, r * BLOCK, factors)
                        near, far = 4 * (j * k_row + g * features), 4 * (j * v_row + g * v_features)
                        b = Right(dy + 4 * place, v_block, y_row, args[74], args[75])
                        add_values(
                            Left(scores, 1, BLOCK), b, 0, Result(dv + far, v_row), count, rows
                        )
                        b = Right(q + 4 * here, k_block, q_row, args[72], args[73])
                        add_keys(
                            Left(slopes, 1, BLOCK), b, 0, Result(dk + near, k_row), count, rows
                        )
                        b = Right(k + near, k_block, k_row, args[72], args[73])
                        add_keys(
                            Left(slopes, BLOCK, 1), b, 0, Result(dq + 4 * here, q_row), rows, count
                        )

    return run

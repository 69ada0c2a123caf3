"""Softmax over the last axis, and its cross-entropy as one stable step from the logits."""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import BATCH
from dltrain.kernels.bits import larger
from dltrain.kernels.functions import exp, log
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64, i32, number

ZERO, ONE = np.float32(0), np.float32(1)


@device
def top_of(x, start, features):  # type: ignore[no-untyped-def]
    """Give the largest number of a row; NaN where there is one."""
    top = x[start]
    for i in range(start + 1, start + features):
        top = larger(top, x[i])
    return top


@device
def log_sum_exp(x, start, features):  # type: ignore[no-untyped-def]
    """Give log(sum(exp(x))) of one row, without overflow."""
    top = top_of(x, start, features)
    total = ZERO
    for i in range(start, start + features):
        total += exp(x[i] - top)
    return top + log(total)


@kernel
def softmax_forward():  # type: ignore[no-untyped-def]
    """y = exp(x) / sum(exp(x)) for each row. Operands x, y; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, features = args[8], args[9]
        for n in range(first, last):
            x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for row in range(rows):
                start = row * features
                top = top_of(x, start, features)
                for i in range(start, start + features):
                    y[i] = x[i] - top
            # One loop over all rows: short rows alone would not fill a vector.
            for i in range(rows * features):
                y[i] = exp(y[i])
            for row in range(rows):
                start = row * features
                total = ZERO
                for i in range(start, start + features):
                    total += y[i]
                scale = ONE / total
                for i in range(start, start + features):
                    y[i] = y[i] * scale

    return run


@kernel
def softmax_backward(accumulate):  # type: ignore[no-untyped-def]
    """dx = y * (dy - sum(dy * y)) for each row. Operands dy, y, dx; sizes rows, features."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows, features = args[12], args[13]
        for n in range(first, last):
            dy, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            for row in range(rows):
                start = row * features
                dot = ZERO
                for i in range(start, start + features):
                    dot += dy[i] * y[i]
                for i in range(start, start + features):
                    value = y[i] * (dy[i] - dot)
                    dx[i] = dx[i] + value if accumulate else value

    return run


@kernel
def categorical_crossentropy_forward(dense):  # type: ignore[no-untyped-def]
    """Add mean over positions of sum(t * (log_sum_exp(z) - z)); t is the smoothed target.

    Operands z, target, total; sizes positions, classes; number label_smoothing. A label that is
    not a class makes the sum NaN.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, classes = args[12], args[13]
        on, off = 1.0 - number(args, 14), number(args, 14) / classes
        for n in range(first, last):
            z, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
            labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            loss = 0.0
            for p in range(positions):
                start = p * classes
                level = log_sum_exp(z, start, classes)
                label = 0 if dense else labels[p]
                if label < 0 or label >= classes:
                    loss += np.nan
                    continue
                if not dense:
                    loss += on * (level - z[start + label])
                if dense or off != 0.0:
                    for c in range(classes):
                        t = off + on * targets[start + c] if dense else off
                        # A class without weight may have a logit of -inf.
                        loss += t * (level - z[start + c]) if t != 0.0 else 0.0
            total[0] += loss / positions

    return run


@kernel
def categorical_crossentropy_backward(dense, accumulate):  # type: ignore[no-untyped-def]
    """dz = (softmax(z) * sum(t) - t) / (batch * positions); t is the smoothed target.

    Operands cells, z, target, dz; sizes positions, classes; number label_smoothing.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, classes = args[16], args[17]
        on, off = np.float32(1.0 - number(args, 18)), np.float32(number(args, 18) / classes)
        share = np.float32(1.0 / (f64(args, 0, 0, 0, 0)[BATCH] * positions))
        for n in range(first, last):
            z, dz = f32(args, 1, n, lane, thread), f32(args, 3, n, lane, thread)
            labels, targets = i32(args, 2, n, lane, thread), f32(args, 2, n, lane, thread)
            for p in range(positions):
                start = p * classes
                level = log_sum_exp(z, start, classes)
                weight = ONE
                if dense:
                    weight = off * np.float32(classes)
                    for c in range(classes):
                        weight += on * targets[start + c]
                for c in range(start, start + classes):
                    t = off + on * targets[c] if dense else off
                    value = (weight * exp(z[c] - level) - t) * share
                    dz[c] = dz[c] + value if accumulate else value
                if not dense and 0 <= labels[p] < classes:
                    dz[start + labels[p]] -= on * share

    return run

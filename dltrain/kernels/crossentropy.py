"""The cross-entropy of a softmax as one stable step from the logits z and the probabilities p."""

from __future__ import annotations

import numpy as np

from dltrain.core.labels import VOID
from dltrain.kernels.functions import log
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64, i32, number
from dltrain.kernels.rows import largest, log_sum_exp, share_of

ZERO, ONE = np.float32(0), np.float32(1)
SAFE = np.float32(1e-30)
"""A probability that is not near to where float32 loses digits."""


@device
def surprise(z, p, start, classes, label):  # type: ignore[no-untyped-def]
    """Give -log of the probability of a class, also where that is too small for float32."""
    if p[start + label] > SAFE:
        return -log(p[start + label])
    return log_sum_exp(z, p, start, classes) - z[start + label]


@device
def spread(z, p, targets, start, classes, on, off, dense):  # type: ignore[no-untyped-def]
    """Give the sum of t * -log(p) over classes, t = off + on * target, or off alone."""
    level, total = log_sum_exp(z, p, start, classes), 0.0
    for c in range(start, start + classes):
        t = off + on * targets[c] if dense else off
        # A class without weight may have a logit of -inf.
        total += t * (level - z[c]) if t != 0.0 else 0.0
    return total


@device
def sum_of(targets, start, classes, on, off):  # type: ignore[no-untyped-def]
    """Give the sum of a smoothed target."""
    total = off * np.float32(classes)
    for c in range(start, start + classes):
        total += on * targets[c]
    return total


@kernel
def categorical_crossentropy_forward(dense, weighted):  # type: ignore[no-untyped-def]
    """Add, for each position, w * sum(t * -log(p)); t is the smoothed target.

    Operands z, p, target, total; sizes positions, classes; numbers label_smoothing, and with
    `weighted` the w of each true class. A label that is not a class makes the sum NaN.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, classes = args[16], args[17]
        on, off = 1.0 - number(args, 18), number(args, 18) / classes
        for n in range(first, last):
            z, p = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            labels, targets = i32(args, 2, n, lane, thread), f32(args, 2, n, lane, thread)
            total, loss = f64(args, 3, n, lane, thread), 0.0
            for position in range(positions):
                start = position * classes
                label = np.int64(0) if dense else np.int64(labels[position])
                if label == VOID:
                    continue
                if label < 0 or label >= classes:
                    loss += np.nan
                    continue
                here = 0.0 if dense else on * surprise(z, p, start, classes, label)
                if dense or off != 0.0:
                    here += spread(z, p, targets, start, classes, on, off, dense)
                if weighted:
                    label = largest(targets, start, classes) if dense else label
                    here *= number(args, 19 + label)
                loss += here
            total[0] += loss

    return run


@kernel
def categorical_crossentropy_backward(dense, weighted, accumulate):  # type: ignore[no-untyped-def]
    """dz = w * (p * sum(t) - t) / labelled positions; t is the smoothed target.

    Operands cells, p, target, dz; sizes positions, classes; numbers as forward. A label that is
    not a class gives 0.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, classes = args[16], args[17]
        on, off = np.float32(1.0 - number(args, 18)), np.float32(number(args, 18) / classes)
        share = share_of(f64(args, 0, 0, 0, 0))
        for n in range(first, last):
            p, dz = f32(args, 1, n, lane, thread), f32(args, 3, n, lane, thread)
            labels, targets = i32(args, 2, n, lane, thread), f32(args, 2, n, lane, thread)
            for position in range(positions):
                start = position * classes
                label = np.int64(0) if dense else np.int64(labels[position])
                if label < 0 or label >= classes:
                    for c in range(start, start + classes):
                        dz[c] = dz[c] if accumulate else ZERO
                    continue
                scale = np.float32(share)
                if weighted:
                    label = largest(targets, start, classes) if dense else label
                    scale = np.float32(share * number(args, 19 + label))
                weight = sum_of(targets, start, classes, on, off) if dense else ONE
                for c in range(start, start + classes):
                    t = off + on * targets[c] if dense else off
                    value = (weight * p[c] - t) * scale
                    dz[c] = dz[c] + value if accumulate else value
                if not dense:
                    dz[start + label] -= on * scale

    return run

"""The cross-entropy of a softmax as one stable step from the logits."""

from __future__ import annotations

import numpy as np

from dltrain.core.labels import VOID
from dltrain.kernels.functions import exp
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64, i32, number
from dltrain.kernels.rows import largest, log_sum_exp, share_of

ZERO, ONE = np.float32(0), np.float32(1)


@device
def sum_of(targets, start, classes, on, off):  # type: ignore[no-untyped-def]
    """Give the sum of a smoothed target."""
    total = off * np.float32(classes)
    for c in range(start, start + classes):
        total += on * targets[c]
    return total


@kernel
def categorical_crossentropy_forward(dense, weighted):  # type: ignore[no-untyped-def]
    """Add, for each position, w * sum(t * (log_sum_exp(z) - z)); t is the smoothed target.

    Operands z, target, total; sizes positions, classes; numbers label_smoothing, and with
    `weighted` the w of each true class. A label that is not a class makes the sum NaN.
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
                label = np.int64(0) if dense else np.int64(labels[p])
                if label == VOID:
                    continue
                if label < 0 or label >= classes:
                    loss += np.nan
                    continue
                level, here = log_sum_exp(z, start, classes), 0.0
                if not dense:
                    here += on * (level - z[start + label])
                if dense or off != 0.0:
                    for c in range(classes):
                        t = off + on * targets[start + c] if dense else off
                        # A class without weight may have a logit of -inf.
                        here += t * (level - z[start + c]) if t != 0.0 else 0.0
                if weighted:
                    label = largest(targets, start, classes) if dense else label
                    here *= number(args, 15 + label)
                loss += here
            total[0] += loss

    return run


@kernel
def categorical_crossentropy_backward(dense, weighted, accumulate):  # type: ignore[no-untyped-def]
    """dz = w * (softmax(z) * sum(t) - t) / labelled positions; t is the smoothed target.

    Operands cells, z, target, dz; sizes positions, classes; numbers as forward. A label that is
    not a class gives 0.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, classes = args[16], args[17]
        on, off = np.float32(1.0 - number(args, 18)), np.float32(number(args, 18) / classes)
        share = share_of(f64(args, 0, 0, 0, 0))
        for n in range(first, last):
            z, dz = f32(args, 1, n, lane, thread), f32(args, 3, n, lane, thread)
            labels, targets = i32(args, 2, n, lane, thread), f32(args, 2, n, lane, thread)
            for p in range(positions):
                start = p * classes
                label = np.int64(0) if dense else np.int64(labels[p])
                if label < 0 or label >= classes:
                    for c in range(start, start + classes):
                        dz[c] = dz[c] if accumulate else ZERO
                    continue
                scale = np.float32(share)
                if weighted:
                    label = largest(targets, start, classes) if dense else label
                    scale = np.float32(share * number(args, 19 + label))
                weight = sum_of(targets, start, classes, on, off) if dense else ONE
                level = log_sum_exp(z, start, classes)
                for c in range(start, start + classes):
                    t = off + on * targets[c] if dense else off
                    value = (weight * exp(z[c] - level) - t) * scale
                    dz[c] = dz[c] + value if accumulate else value
                if not dense:
                    dz[start + label] -= on * scale

    return run

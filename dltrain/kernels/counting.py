"""What metrics count: outputs that rank the true class high, or fall on its side of a threshold."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64, i32

HALF = np.float32(0.5)


@device
def largest(x, start, classes):  # type: ignore[no-untyped-def]
    """Give the index of the largest of a row, the first among equals."""
    best = 0
    for c in range(1, classes):
        if x[start + c] > x[start + best]:
            best = c
    return best


@device
def rank_of(x, start, classes, label):  # type: ignore[no-untyped-def]
    """Count the classes ahead of `label`; among equals the first is ahead, and so is NaN."""
    if label < 0 or label >= classes:
        return classes
    own = x[start + label]
    ahead = 0
    for c in range(classes):
        behind = x[start + c] < own or (x[start + c] == own and c >= label)
        ahead += 0 if behind else 1
    return ahead


@kernel
def top_k_correct(dense):  # type: ignore[no-untyped-def]
    """Add the share of positions whose true class is among the k highest outputs.

    Operands output, target, total; sizes positions, classes, k.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, classes, k = args[12], args[13], args[14]
        for n in range(first, last):
            output, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
            labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            correct = 0
            for p in range(positions):
                start = p * classes
                label = largest(targets, start, classes) if dense else np.int64(labels[p])
                # NaN is ahead of itself, so it never counts as right.
                correct += 1 if rank_of(output, start, classes, label) < k else 0
            total[0] += correct / positions

    return run


@kernel
def binary_correct(dense):  # type: ignore[no-untyped-def]
    """Add the share of outputs on the same side of 0.5 as their target.

    Operands output, target, total; sizes positions, units. A label is the target of one unit, or
    names the one unit of several whose target is 1.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[12], args[13]
        for n in range(first, last):
            output, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
            labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            correct = 0
            for p in range(positions):
                for u in range(units):
                    i = p * units + u
                    wanted = u if units > 1 else 1
                    positive = targets[i] > HALF if dense else labels[p] == wanted
                    right = output[i] > HALF if positive else output[i] <= HALF
                    correct += 1 if right else 0
            total[0] += correct / (positions * units)

    return run

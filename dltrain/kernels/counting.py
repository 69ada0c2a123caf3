"""What metrics count: outputs that rank the true class high, or fall on its side of a threshold.

Sums are over positions that have a label.
"""

from __future__ import annotations

import numpy as np

from dltrain.core.labels import VOID
from dltrain.kernels.integers import larger_of
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64, i32
from dltrain.kernels.rows import largest

HALF = np.float32(0.5)


@device
def rank_of(x, start, classes, label):  # type: ignore[no-untyped-def]
    """Count the classes ahead of `label`; among equals the first is ahead, and so is NaN."""
    own = x[start + label]
    ahead = 0
    for c in range(classes):
        behind = x[start + c] < own or (x[start + c] == own and c >= label)
        ahead += 0 if behind else 1
    return ahead


@kernel
def top_k_correct(dense):  # type: ignore[no-untyped-def]
    """Count the positions whose true class is among the k highest outputs.

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
                if label < 0 or label >= classes:
                    continue
                # NaN is ahead of itself, so it never counts as right.
                correct += 1 if rank_of(output, start, classes, label) < k else 0
            total[0] += correct

    return run


@kernel
def binary_correct(dense):  # type: ignore[no-untyped-def]
    """Add the share of each position's outputs that are on the same side of 0.5 as their target.

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
                if not dense and labels[p] == VOID:
                    continue
                for u in range(units):
                    i = p * units + u
                    wanted = u if units > 1 else 1
                    positive = targets[i] > HALF if dense else labels[p] == wanted
                    right = output[i] > HALF if positive else output[i] <= HALF
                    correct += 1 if right else 0
            total[0] += correct / units

    return run


@device
def class_of(x, start, units):  # type: ignore[no-untyped-def]
    """Give the class that numbers tell: the side of 0.5 for one of them; -1 where there is NaN."""
    if units == 1:
        return 1 if x[start] > HALF else (0 if x[start] <= HALF else -1)
    return largest(x, start, units)


@kernel
def class_counts(dense):  # type: ignore[no-untyped-def]
    """Count for each class: positions where it is found and true, where true, where found.

    Operands output, target, total [3, classes]; sizes positions, units. One unit tells two classes.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[12], args[13]
        classes = larger_of(units, 2)
        for n in range(first, last):
            output, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
            labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            for p in range(positions):
                start = p * units
                label = class_of(targets, start, units) if dense else np.int64(labels[p])
                if label < 0 or label >= classes:
                    continue
                found = class_of(output, start, units)
                total[label] += 1.0 if found == label else 0.0
                total[classes + label] += 1.0
                if found >= 0:
                    total[2 * classes + found] += 1.0

    return run


@kernel
def unit_counts(dense):  # type: ignore[no-untyped-def]
    """Count for each unit: positions where it is above 0.5 and true, where true, where above 0.5.

    Operands output, target, total [3, units]; sizes positions, units.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[12], args[13]
        for n in range(first, last):
            output, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
            labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            for p in range(positions):
                if not dense and labels[p] == VOID:
                    continue
                for u in range(units):
                    i = p * units + u
                    true = targets[i] > HALF if dense else labels[p] == u
                    found = output[i] > HALF
                    total[u] += 1.0 if true and found else 0.0
                    total[units + u] += 1.0 if true else 0.0
                    total[2 * units + u] += 1.0 if found else 0.0

    return run

"""Losses that compare number with number: squared error, absolute error, binary cross-entropy.

A label becomes a one-hot target; where there is one output per position, the target is the label.
"""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import BATCH
from dltrain.kernels.functions import exp, log1p, sigmoid
from dltrain.kernels.integers import larger_of
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64, i32

ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)
NOT_A_NUMBER = np.float32(np.nan)


@device
def one_hot(label, unit, units):  # type: ignore[no-untyped-def]
    """Give the target of one unit; NaN for a label that is no class."""
    if label < 0 or label >= larger_of(units, 2):
        return NOT_A_NUMBER
    wanted = 1 if units == 1 else unit
    return ONE if label == wanted else ZERO


@kernel
def absolute_error(dense):  # type: ignore[no-untyped-def]
    """Add the mean over outputs of |output - target|.

    Operands output, target, total; sizes positions, units.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[12], args[13]
        for n in range(first, last):
            y, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
            labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            loss = 0.0
            for i in range(positions * units):
                t = targets[i] if dense else one_hot(labels[i // units], i % units, units)
                loss += abs(np.float64(y[i] - t))
            total[0] += loss / (positions * units)

    return run


@kernel
def mean_squared_error_forward(dense):  # type: ignore[no-untyped-def]
    """Add the mean over outputs of (output - target) ** 2.

    Operands output, target, total; sizes positions, units.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[12], args[13]
        for n in range(first, last):
            y, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
            labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            loss = 0.0
            for i in range(positions * units):
                t = targets[i] if dense else one_hot(labels[i // units], i % units, units)
                difference = np.float64(y[i] - t)
                loss += difference * difference
            total[0] += loss / (positions * units)

    return run


@kernel
def binary_crossentropy_forward(dense):  # type: ignore[no-untyped-def]
    """Add the mean over outputs of -(t * log(p) + (1 - t) * log(1 - p)), p = sigmoid(z).

    Operands z, target, total; sizes positions, units.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[12], args[13]
        for n in range(first, last):
            z, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
            labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            loss = 0.0
            for i in range(positions * units):
                t = targets[i] if dense else one_hot(labels[i // units], i % units, units)
                magnitude = -z[i] if z[i] > ZERO else z[i]
                positive = ZERO if z[i] < ZERO else z[i]
                loss += positive - z[i] * t + log1p(exp(magnitude))
            total[0] += loss / (positions * units)

    return run


@kernel
def mean_squared_error_backward(dense, accumulate):  # type: ignore[no-untyped-def]
    """dy = 2 * (y - t) / (batch * outputs).

    Operands cells, output, target, dy; sizes positions, units.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[16], args[17]
        share = np.float32(1.0 / (f64(args, 0, 0, 0, 0)[BATCH] * positions * units))
        for n in range(first, last):
            y, dy = f32(args, 1, n, lane, thread), f32(args, 3, n, lane, thread)
            labels, targets = i32(args, 2, n, lane, thread), f32(args, 2, n, lane, thread)
            for i in range(positions * units):
                t = targets[i] if dense else one_hot(labels[i // units], i % units, units)
                value = (y[i] - t) * TWO * share
                dy[i] = dy[i] + value if accumulate else value

    return run


@kernel
def binary_crossentropy_backward(dense, accumulate):  # type: ignore[no-untyped-def]
    """dz = (sigmoid(z) - t) / (batch * outputs).

    Operands cells, z, target, dz; sizes positions, units.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[16], args[17]
        share = np.float32(1.0 / (f64(args, 0, 0, 0, 0)[BATCH] * positions * units))
        for n in range(first, last):
            z, dz = f32(args, 1, n, lane, thread), f32(args, 3, n, lane, thread)
            labels, targets = i32(args, 2, n, lane, thread), f32(args, 2, n, lane, thread)
            for i in range(positions * units):
                t = targets[i] if dense else one_hot(labels[i // units], i % units, units)
                value = (sigmoid(z[i]) - t) * share
                dz[i] = dz[i] + value if accumulate else value

    return run

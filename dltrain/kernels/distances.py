"""Losses that compare number with number: squared error, absolute error, binary cross-entropy.

A label becomes a one-hot target; where there is one output per position, the target is the label.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dltrain.core.labels import VOID
from dltrain.kernels.functions import exp, log1p, sigmoid
from dltrain.kernels.integers import larger_of
from dltrain.kernels.kernel import device, register
from dltrain.kernels.memory import f32, f64, i32
from dltrain.kernels.rows import share_of

ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)
NOT_A_NUMBER = np.float32(np.nan)


@device
def one_hot(label, unit, units):  # type: ignore[no-untyped-def]
    """Give the target of one unit; NaN for a label that is no class."""
    if label < 0 or label >= larger_of(units, 2):
        return NOT_A_NUMBER
    wanted = 1 if units == 1 else unit
    return ONE if label == wanted else ZERO


@device
def absolute(y, t):  # type: ignore[no-untyped-def]
    """Give |y - t|."""
    return abs(np.float64(y - t))


@device
def squared(y, t):  # type: ignore[no-untyped-def]
    """Give (y - t) ** 2."""
    difference = np.float64(y - t)
    return difference * difference


@device
def squared_slope(y, t):  # type: ignore[no-untyped-def]
    """Give 2 * (y - t)."""
    return (y - t) * TWO


@device
def crossentropy(z, t):  # type: ignore[no-untyped-def]
    """Give -(t * log(p) + (1 - t) * log(1 - p)), p = sigmoid(z)."""
    magnitude = -z if z > ZERO else z
    positive = ZERO if z < ZERO else z
    return positive - z * t + log1p(exp(magnitude))


@device
def crossentropy_slope(z, t):  # type: ignore[no-untyped-def]
    """Give sigmoid(z) - t."""
    return sigmoid(z) - t


def register_mean(name: str, distance: Any) -> None:
    """Register the kernel that adds, for each position, the mean of distance(output, target).

    Operands output, target, total; sizes positions, units.
    """

    def factory(dense):  # type: ignore[no-untyped-def]
        def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
            positions, units = args[12], args[13]
            for n in range(first, last):
                y, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
                labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
                loss = 0.0
                for i in range(positions * units):
                    if dense:
                        loss += distance(y[i], targets[i])
                    elif labels[i // units] != VOID:
                        loss += distance(y[i], one_hot(labels[i // units], i % units, units))
                total[0] += loss / units

        return run

    register(name, factory)


def register_gradient(name: str, slope: Any) -> None:
    """Register the kernel of dy = slope(output, target) / (labelled positions * units).

    Operands cells, output, target, dy; sizes positions, units.
    """

    def factory(dense, accumulate):  # type: ignore[no-untyped-def]
        def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
            positions, units = args[16], args[17]
            share = np.float32(share_of(f64(args, 0, 0, 0, 0)) / units)
            for n in range(first, last):
                y, dy = f32(args, 1, n, lane, thread), f32(args, 3, n, lane, thread)
                labels, targets = i32(args, 2, n, lane, thread), f32(args, 2, n, lane, thread)
                for i in range(positions * units):
                    t = targets[i] if dense else one_hot(labels[i // units], i % units, units)
                    value = slope(y[i], t) * share
                    if not dense and labels[i // units] == VOID:
                        value = ZERO
                    dy[i] = dy[i] + value if accumulate else value

        return run

    register(name, factory)


register_mean("absolute_error", absolute)
register_mean("mean_squared_error_forward", squared)
register_gradient("mean_squared_error_backward", squared_slope)
register_mean("binary_crossentropy_forward", crossentropy)
register_gradient("binary_crossentropy_backward", crossentropy_slope)

"""Losses that compare number with number: squared and absolute error, Huber, cross-entropy.

A label becomes a one-hot target; where there is one output per position, the target is the label.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dltrain.core.labels import VOID
from dltrain.kernels.functions import exp, log1p, sigmoid
from dltrain.kernels.integers import larger_of
from dltrain.kernels.kernel import device, register
from dltrain.kernels.memory import f32, f64, i32, number
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
def absolute(y, t, _):  # type: ignore[no-untyped-def]
    """Give |y - t|."""
    return abs(np.float64(y - t))


@device
def absolute_slope(y, t, _):  # type: ignore[no-untyped-def]
    """Give the sign of y - t; 0 where they are equal."""
    difference = y - t
    return ONE if difference > ZERO else (-ONE if difference < ZERO else difference)


@device
def huber(y, t, delta):  # type: ignore[no-untyped-def]
    """Give half the square of y - t, and beyond delta its tangent there."""
    distance = abs(np.float64(y - t))
    return delta * (distance - 0.5 * delta) if distance > delta else 0.5 * distance * distance


@device
def huber_slope(y, t, delta):  # type: ignore[no-untyped-def]
    """Give y - t, but no more than delta to either side."""
    difference, most = y - t, np.float32(delta)
    return most if difference > most else (-most if difference < -most else difference)


@device
def squared(y, t, _):  # type: ignore[no-untyped-def]
    """Give (y - t) ** 2."""
    difference = np.float64(y - t)
    return difference * difference


@device
def squared_slope(y, t, _):  # type: ignore[no-untyped-def]
    """Give 2 * (y - t)."""
    return (y - t) * TWO


@device
def crossentropy(z, t, _):  # type: ignore[no-untyped-def]
    """Give -(t * log(p) + (1 - t) * log(1 - p)), p = sigmoid(z)."""
    magnitude = -z if z > ZERO else z
    positive = ZERO if z < ZERO else z
    return positive - z * t + log1p(exp(magnitude))


@device
def crossentropy_slope(z, t, _):  # type: ignore[no-untyped-def]
    """Give sigmoid(z) - t."""
    return sigmoid(z) - t


def register_mean(name: str, distance: Any, *, numbers: int = 0) -> None:
    """Register the kernel that adds, for each position, the mean of distance(output, target).

    Operands output, target, total; sizes positions, units; a number that the distance takes.
    """

    def factory(dense):  # type: ignore[no-untyped-def]
        def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
            positions, units = args[12], args[13]
            given = number(args, 14) if numbers else 0.0
            for n in range(first, last):
                y, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
                labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
                loss = 0.0
                for i in range(positions * units):
                    if dense:
                        loss += distance(y[i], targets[i], given)
                    elif labels[i // units] != VOID:
                        loss += distance(y[i], one_hot(labels[i // units], i % units, units), given)
                total[0] += loss / units

        return run

    register(name, factory)


def register_gradient(name: str, slope: Any, *, numbers: int = 0) -> None:
    """Register the kernel of dy = slope(output, target) / (labelled positions * units).

    Operands cells, output, target, dy; sizes positions, units; a number that the slope takes.
    """

    def factory(dense, accumulate):  # type: ignore[no-untyped-def]
        def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
            positions, units = args[16], args[17]
            given = number(args, 18) if numbers else 0.0
            share = np.float32(share_of(f64(args, 0, 0, 0, 0)) / units)
            for n in range(first, last):
                y, dy = f32(args, 1, n, lane, thread), f32(args, 3, n, lane, thread)
                labels, targets = i32(args, 2, n, lane, thread), f32(args, 2, n, lane, thread)
                for i in range(positions * units):
                    t = targets[i] if dense else one_hot(labels[i // units], i % units, units)
                    value = slope(y[i], t, given) * share
                    if not dense and labels[i // units] == VOID:
                        value = ZERO
                    dy[i] = dy[i] + value if accumulate else value

        return run

    register(name, factory)


register_mean("mean_absolute_error_forward", absolute)
register_gradient("mean_absolute_error_backward", absolute_slope)
register_mean("huber_forward", huber, numbers=1)
register_gradient("huber_backward", huber_slope, numbers=1)
register_mean("mean_squared_error_forward", squared)
register_gradient("mean_squared_error_backward", squared_slope)
register_mean("binary_crossentropy_forward", crossentropy)
register_gradient("binary_crossentropy_backward", crossentropy_slope)

"""What metrics measure of numbers: how far outputs are from targets, in the units of the data.

A label becomes a one-hot target; where there is one output per position, the target is the label.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dltrain.core.labels import VOID
from dltrain.kernels.distances import one_hot
from dltrain.kernels.kernel import device, kernel, register
from dltrain.kernels.memory import f32, f64, i32, number

NEAREST = 1e-7
"""The nearest to 0 that a target counts as where it is divided by."""


@device
def absolute(y, t):  # type: ignore[no-untyped-def]
    """Give |y - t|."""
    return abs(y - t)


@device
def squared(y, t):  # type: ignore[no-untyped-def]
    """Give (y - t) ** 2."""
    return (y - t) * (y - t)


@device
def percentage(y, t):  # type: ignore[no-untyped-def]
    """Give 100 |y - t| / |t|."""
    size = abs(t)
    return 100.0 * abs(y - t) / (NEAREST if size < NEAREST else size)


def register_error(name: str, distance: Any) -> None:
    """Register the kernel that adds, for each position, the mean of distance(output, target).

    Operands output, target, total; sizes positions, units; with `scaled` the numbers scale and
    offset of each unit, which output and target are multiplied by and increased by before.
    """

    def factory(dense, scaled):  # type: ignore[no-untyped-def]
        def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
            positions, units = args[12], args[13]
            for n in range(first, last):
                y, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
                labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
                error = 0.0
                for i in range(positions * units):
                    u = i % units
                    if not dense and labels[i // units] == VOID:
                        continue
                    t = targets[i] if dense else one_hot(labels[i // units], u, units)
                    scale = number(args, 14 + u) if scaled else 1.0
                    offset = number(args, 14 + units + u) if scaled else 0.0
                    error += distance(
                        np.float64(y[i]) * scale + offset, np.float64(t) * scale + offset
                    )
                total[0] += error / units

        return run

    register(name, factory)


register_error("absolute_error", absolute)
register_error("squared_error", squared)
register_error("percentage_error", percentage)


@kernel
def squares_of_units(dense):  # type: ignore[no-untyped-def]
    """Add for each unit its targets, their squares, and the squares of its errors.

    Operands output, target, total [3, units]; sizes positions, units.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[12], args[13]
        for n in range(first, last):
            y, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
            labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            for i in range(positions * units):
                u = i % units
                if not dense and labels[i // units] == VOID:
                    continue
                t = np.float64(targets[i] if dense else one_hot(labels[i // units], u, units))
                error = np.float64(y[i]) - t
                total[u] += t
                total[units + u] += t * t
                total[2 * units + u] += error * error

    return run

"""Poolings over whole sequences of which some steps are padding. Where all are, they give zeros."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, i32
from dltrain.kernels.rearrange import clear

ZERO, ONE = np.float32(0), np.float32(1)


@device
def share_of(mask, time):  # type: ignore[no-untyped-def]
    """Give 1 / the number of steps that are no padding, 0 where all are."""
    count = ZERO
    for t in range(time):
        count += mask[t]
    return ONE / count if count > ZERO else ZERO


@kernel
def masked_average_forward():  # type: ignore[no-untyped-def]
    """Take the mean of each feature. Operands x (time, features), mask (time,), y (features,)."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, features = args[12], args[13]
        for n in range(first, last):
            x, mask = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            y = f32(args, 2, n, lane, thread)
            clear(y, 0, features)
            for t in range(time):
                if mask[t] != ZERO:
                    for k in range(features):
                        y[k] += x[t * features + k]
            share = share_of(mask, time)
            for k in range(features):
                y[k] = y[k] * share

    return run


@kernel
def masked_average_backward(accumulate):  # type: ignore[no-untyped-def]
    """Share dy among the steps. Operands dy, mask, dx; sizes as forward."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, features = args[12], args[13]
        for n in range(first, last):
            dy, mask = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            share = share_of(mask, time)
            for t in range(time):
                factor = share * mask[t]
                for k in range(features):
                    value = dy[k] * factor
                    at = t * features + k
                    dx[at] = dx[at] + value if accumulate else value

    return run


@kernel
def masked_max_forward():  # type: ignore[no-untyped-def]
    """Take the largest of each feature; NaN is larger than all.

    Operands x (time, features), mask (time,), y (features,), steps int32 (features,): where it was
    found, -1 for nowhere. Sizes: time, features.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, features = args[16], args[17]
        for n in range(first, last):
            x, mask = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            y, steps = f32(args, 2, n, lane, thread), i32(args, 3, n, lane, thread)
            clear(y, 0, features)
            for k in range(features):
                steps[k] = -1
            for t in range(time):
                if mask[t] != ZERO:
                    for k in range(features):
                        value = x[t * features + k]
                        if steps[k] < 0 or value > y[k] or (value != value and y[k] == y[k]):
                            y[k], steps[k] = value, t

    return run


@kernel
def masked_max_backward(accumulate):  # type: ignore[no-untyped-def]
    """Give dy to the steps that were largest. Operands dy, steps, dx; sizes as forward."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, features = args[12], args[13]
        for n in range(first, last):
            dy, steps = f32(args, 0, n, lane, thread), i32(args, 1, n, lane, thread)
            dx = f32(args, 2, n, lane, thread)
            if not accumulate:
                clear(dx, 0, time * features)
            for k in range(features):
                if steps[k] >= 0:
                    dx[steps[k] * features + k] += dy[k]

    return run

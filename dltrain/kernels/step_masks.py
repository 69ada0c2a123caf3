"""Which steps of a sequence are padding: 0, and which are not: 1."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import f32, number

ZERO, ONE = np.float32(0), np.float32(1)


@kernel
def step_mask():  # type: ignore[no-untyped-def]
    """Find steps of which every number is one value.

    Operands x (time, features), mask (time,). Sizes: time, features. Number: the value.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, features, value = args[8], args[9], np.float32(number(args, 10))
        for n in range(first, last):
            x, mask = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for t in range(time):
                found = ZERO
                for k in range(features):
                    found = found if x[t * features + k] == value else ONE
                mask[t] = found

    return run


@kernel
def mask_steps(accumulate):  # type: ignore[no-untyped-def]
    """Set steps that are padding to zero.

    Operands x (time, features), mask (time,), y. Sizes: time, features.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, features = args[12], args[13]
        for n in range(first, last):
            x, mask = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            y = f32(args, 2, n, lane, thread)
            for t in range(time):
                keep = mask[t] != ZERO
                for k in range(t * features, (t + 1) * features):
                    value = x[k] if keep else ZERO
                    y[k] = y[k] + value if accumulate else value

    return run

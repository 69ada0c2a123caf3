"""The updates of the optimizers, elementwise over ranges of all trainable parameters.

Operands are cells, gradient, parameter and then the optimizer's slots; the numbers of the step lie
in the cells. Nothing happens while the status cell is not 0. Formulas are those of Keras 3.
"""

from __future__ import annotations

import math

import numpy as np

from dltrain.core.cells import OPTIMIZER, STATUS
from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import f32, f64


@kernel
def adam_step(amsgrad):  # type: ignore[no-untyped-def]
    """m += (g - m) * (1 - beta_1), v += (g * g - v) * (1 - beta_2), w -= rate * m / (sqrt(v) + e).

    Slots m, v (and the largest v so far); numbers: rate with the bias corrections, 1 - beta_1,
    1 - beta_2, epsilon, share of w that decays.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        cells = f64(args, 0, 0, 0, 0)
        if cells[STATUS] != 0.0:
            return
        rate, epsilon = np.float32(cells[OPTIMIZER]), np.float32(cells[OPTIMIZER + 3])
        to_m, to_v = np.float32(cells[OPTIMIZER + 1]), np.float32(cells[OPTIMIZER + 2])
        decay = np.float32(cells[OPTIMIZER + 4])
        g, w = f32(args, 1, 0, 0, 0), f32(args, 2, 0, 0, 0)
        m, v = f32(args, 3, 0, 0, 0), f32(args, 4, 0, 0, 0)
        top = f32(args, 5 if amsgrad else 4, 0, 0, 0)
        for i in range(first, last):
            m[i] += (g[i] - m[i]) * to_m
            v[i] += (g[i] * g[i] - v[i]) * to_v
            height = v[i]
            if amsgrad:
                height = top[i] if top[i] > v[i] else v[i]
                top[i] = height
            w[i] = (w[i] - w[i] * decay) - rate * m[i] / (math.sqrt(height) + epsilon)

    return run


@kernel
def adamw_step(amsgrad):  # type: ignore[no-untyped-def]
    """Do as `adam_step`, which takes the decay from its numbers."""
    return adam_step(amsgrad)


@kernel
def sgd_step(momentum, nesterov):  # type: ignore[no-untyped-def]
    """v = momentum * v - rate * g, w += v; nesterov: w += momentum * v - rate * g.

    Slot v where there is momentum; numbers: rate, momentum.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        cells = f64(args, 0, 0, 0, 0)
        if cells[STATUS] != 0.0:
            return
        rate, kept = np.float32(cells[OPTIMIZER]), np.float32(cells[OPTIMIZER + 1])
        g, w = f32(args, 1, 0, 0, 0), f32(args, 2, 0, 0, 0)
        if momentum:
            v = f32(args, 3, 0, 0, 0)
            for i in range(first, last):
                v[i] = kept * v[i] - rate * g[i]
                w[i] += kept * v[i] - rate * g[i] if nesterov else v[i]
        else:
            for i in range(first, last):
                w[i] -= rate * g[i]

    return run


@kernel
def rmsprop_step(momentum, centered):  # type: ignore[no-untyped-def]
    """s = rho * s + (1 - rho) * g * g, w -= rate * g / sqrt(s + epsilon).

    Centered: the square of the mean gradient is taken from s. With momentum the steps are summed,
    u = momentum * u + step, w -= u. Slots s, then u, then the mean; numbers: rate, rho, momentum,
    epsilon.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        cells = f64(args, 0, 0, 0, 0)
        if cells[STATUS] != 0.0:
            return
        rate, epsilon = np.float32(cells[OPTIMIZER]), np.float32(cells[OPTIMIZER + 3])
        rho, kept = np.float32(cells[OPTIMIZER + 1]), np.float32(cells[OPTIMIZER + 2])
        rest = np.float32(1.0 - cells[OPTIMIZER + 1])
        g, w = f32(args, 1, 0, 0, 0), f32(args, 2, 0, 0, 0)
        s, u = f32(args, 3, 0, 0, 0), f32(args, 4 if momentum else 3, 0, 0, 0)
        mean = f32(args, 3 + momentum + centered, 0, 0, 0)
        for i in range(first, last):
            s[i] = rho * s[i] + rest * g[i] * g[i]
            spread = s[i] + epsilon
            if centered:
                mean[i] = rho * mean[i] + rest * g[i]
                spread -= mean[i] * mean[i]
            step = rate * g[i] / math.sqrt(spread)
            if momentum:
                u[i] = kept * u[i] + step
                step = u[i]
            w[i] -= step

    return run

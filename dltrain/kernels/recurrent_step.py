"""One step of recurrent layers, in a run of its own: the state that was kept becomes the next one.

The formulas are those of `lstm`, `gru` and `simple_rnn`, which take whole sequences.
"""

from __future__ import annotations

from dltrain.core.cells import STEP
from dltrain.kernels.functions import sigmoid, tanh
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64
from dltrain.kernels.rearrange import clear


@device
def add_sigmoids(x, h, start, stop):  # type: ignore[no-untyped-def]
    """Put the sigmoids of sums in place of x[start:stop]."""
    for k in range(start, stop):
        x[k] = sigmoid(x[k] + h[k])


@device
def add_tanhs(x, h, start, stop):  # type: ignore[no-untyped-def]
    """Put tanh of sums in place of x[start:stop]."""
    for k in range(start, stop):
        x[k] = tanh(x[k] + h[k])


@kernel
def empty_at_start():  # type: ignore[no-untyped-def]
    """Set what was kept to zero where the step is the first. Operands cells, y; size: numbers."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        if f64(args, 0, 0, lane, thread)[STEP] == 0.0:
            clear(f32(args, 1, 0, lane, thread), 0, args[8])

    return run


@kernel
def lstm_step():  # type: ignore[no-untyped-def]
    """Take one step. Operands x, h (4 units,), state, cells, y (units,); x is changed. Size: units.

    x holds what input and bias give, h what the state gives, of gates i, f, g and o.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        units = args[20]
        state, cells = f32(args, 2, 0, lane, thread), f32(args, 3, 0, lane, thread)
        for n in range(first, last):
            x, h = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            y = f32(args, 4, n, lane, thread)
            add_sigmoids(x, h, 0, 2 * units)
            add_tanhs(x, h, 2 * units, 3 * units)
            add_sigmoids(x, h, 3 * units, 4 * units)
            for k in range(units):
                cells[k] = x[units + k] * cells[k] + x[k] * x[2 * units + k]
            for k in range(units):
                y[k] = x[3 * units + k] * tanh(cells[k])
            for k in range(units):
                state[k] = y[k]

    return run


@kernel
def gru_step(biased):  # type: ignore[no-untyped-def]
    """Take one step. Operands x, h (3 units,), bias (2, 3 units), state, y (units,). Size: units.

    x holds what input and first bias give, h what the state gives, of z, r and g; both are changed.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        units, state, bias = args[20], f32(args, 3, 0, lane, thread), f32(args, 2, 0, lane, thread)
        for n in range(first, last):
            x, h = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            y = f32(args, 4, n, lane, thread)
            if biased:
                for k in range(3 * units):
                    h[k] = h[k] + bias[3 * units + k]
            add_sigmoids(x, h, 0, 2 * units)
            for k in range(2 * units, 3 * units):
                h[k] = x[k - units] * h[k]
            add_tanhs(x, h, 2 * units, 3 * units)
            for k in range(units):
                g = x[2 * units + k]
                y[k] = g + x[k] * (state[k] - g)
            for k in range(units):
                state[k] = y[k]

    return run


@kernel
def simple_rnn_step():  # type: ignore[no-untyped-def]
    """Take one step: h = tanh(x + h). Operands x, h, state, y (units,). Size: units."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        units, state = args[16], f32(args, 2, 0, lane, thread)
        for n in range(first, last):
            x, h = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            y = f32(args, 3, n, lane, thread)
            for k in range(units):
                y[k] = tanh(x[k] + h[k])
            for k in range(units):
                state[k] = y[k]

    return run

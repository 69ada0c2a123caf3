"""The gated recurrent unit, a lane of sequences at a time.

    z, r = sigmoid(x_z + q_z, x_r + q_r),  g = tanh(x_g + r q_g),  h = z h' + (1 - z) g

of x = inputs kernel + bias[0] and q = h' recurrent_kernel + bias[1]: the reset comes after the
matrix. Columns are those of z, r and g.

Source: Cho et al. 2014, arXiv:1406.1078, in the form of cuDNN.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.functions import sigmoid, tanh
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32
from dltrain.kernels.rearrange import clear
from dltrain.kernels.recurrence import adding, apart, copying, empty, holding, stepping
from dltrain.kernels.simd import load, splat
from dltrain.kernels.storing import storing

ONE, ZERO = np.float32(1), np.float32(0)


@device
def open_gates(x, gates, at, count):  # type: ignore[no-untyped-def]
    """Give the sigmoids of `count` numbers from `at` on."""
    for k in range(at, at + count):
        gates[k] = sigmoid(x[k])


@device
def squash(x, gates, at, count):  # type: ignore[no-untyped-def]
    """Give tanh of `count` numbers from `at` on."""
    for k in range(at, at + count):
        gates[k] = tanh(x[k])


def resetting(width):  # type: ignore[no-untyped-def]
    """Make the function that adds r q_g to x_g."""
    put = storing(width)

    @device
    def reset(gates, q, x, units):  # type: ignore[no-untyped-def]
        k = 0
        while k < units:
            r, inner = load(width, gates + 4 * (units + k)), load(width, q + 4 * (2 * units + k))
            at = x + 4 * (2 * units + k)
            put(at, load(width, at) + r * inner, units - k)
            k += width

    return reset


def mixing(width):  # type: ignore[no-untyped-def]
    """Make the function of a step's state: h = g + z (h' - g)."""
    put = storing(width)

    @device
    def mix(gates, before, h, units):  # type: ignore[no-untyped-def]
        k = 0
        while k < units:
            z, g = load(width, gates + 4 * k), load(width, gates + 4 * (2 * units + k))
            put(h + 4 * k, g + z * (load(width, before + 4 * k) - g), units - k)
            k += width

    return mix


@kernel
def gru_forward(width, mr, nv, nv_tail, masked, biased, sequences, padded):  # type: ignore[no-untyped-def]
    """Take sequences through time.

    Operands u (blocks of 3 units columns), bias (2, 3 units), mask (time,): 0 where a step is
    padding, read where `padded`; x, q, gates (time, 3 units), before (time, units): the state that
    meets each input; state (units,), y (time, units) where `sequences`, else (units,). Sizes: time,
    units, full blocks, rest columns, whether the last input comes first.
    """
    step = stepping(width, mr, nv, nv_tail, masked, 1 if biased else 0)
    add, copy, hold = adding(width), copying(width), holding(width)
    reset, mix = resetting(width), mixing(width)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, units, turned = args[36], args[37], args[40]
        u, bias = address(args, 0, 0, lane, thread), address(args, 1, 0, lane, thread)
        down, q_down = apart(args, 6, lane, thread), apart(args, 4, lane, thread)
        for s in range(time):
            t = time - 1 - s if turned else s
            after = t - 1 if turned else t + 1
            row, begin = 12 * t * units, 3 * t * units
            if s == 0:
                empty(args, 6, first, last, lane, thread, t * units, units)
            h = address(args, 6, first, lane, thread) + 4 * t * units
            q = address(args, 4, first, lane, thread) + row
            step(h, down, u, bias + 12 * units, q, q_down, last - first, units, args[38], args[39])
            for n in range(first, last):
                before = address(args, 6, n, lane, thread)
                following = before + 4 * after * units if s + 1 < time else 0
                y = address(args, 8, n, lane, thread) + (4 * s * units if sequences else 0)
                if padded and f32(args, 2, n, lane, thread)[t] == ZERO:
                    y = y if sequences or s + 1 == time else 0
                    hold(before + 4 * t * units, following, y, units)
                    continue
                x = address(args, 3, n, lane, thread) + row
                q = address(args, 4, n, lane, thread) + row
                gates, sums = address(args, 5, n, lane, thread) + row, f32(args, 3, n, lane, thread)
                add(q, x, 2 * units)
                open_gates(sums, f32(args, 5, n, lane, thread), begin, 2 * units)
                reset(gates, q, x, units)
                squash(sums, f32(args, 5, n, lane, thread), begin + 2 * units, units)
                state = address(args, 7, n, lane, thread)
                mix(gates, before + 4 * t * units, state, units)
                if s + 1 < time:
                    copy(state, following, units)
                if sequences or s + 1 == time:
                    copy(state, y, units)

    return run


def going_back(width):  # type: ignore[no-untyped-def]
    """Make the function of one step back: gradients of x and q; dh is left at what h' passed."""
    put = storing(width)

    @device
    def back(gates, q, before, dx, dq, dh, units):  # type: ignore[no-untyped-def]
        one, k = splat(width, ONE), 0
        while k < units:
            z, r = load(width, gates + 4 * k), load(width, gates + 4 * (units + k))
            g = load(width, gates + 4 * (2 * units + k))
            inner, h = load(width, q + 4 * (2 * units + k)), load(width, before + 4 * k)
            change, room = load(width, dh + 4 * k), units - k
            d_z = change * (h - g) * z * (one - z)
            d_g = change * (one - z) * (one - g * g)
            d_r = d_g * inner * r * (one - r)
            put(dx + 4 * k, d_z, room)
            put(dx + 4 * (units + k), d_r, room)
            put(dx + 4 * (2 * units + k), d_g, room)
            put(dq + 4 * k, d_z, room)
            put(dq + 4 * (units + k), d_r, room)
            put(dq + 4 * (2 * units + k), d_g * r, room)
            put(dh + 4 * k, change * z, room)
            k += width

    return back


@kernel
def gru_backward(width, mr, nv, nv_tail, masked, sequences, padded):  # type: ignore[no-untyped-def]
    """Take gradients back through time.

    Operands u (the matrix transposed, in blocks of units columns), gates, q and before as
    `gru_forward` leaves them, dy, mask, dx and dq (time, 3 units), dh (units,). Sizes as there.
    """
    step = stepping(width, mr, nv, nv_tail, masked, 2)
    back, add = going_back(width), adding(width)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, units, turned = args[36], args[37], args[40]
        u = address(args, 0, 0, lane, thread)
        down, q_down = apart(args, 8, lane, thread), apart(args, 7, lane, thread)
        empty(args, 8, first, last, lane, thread, 0, units)
        for s in range(time - 1, -1, -1):
            t = time - 1 - s if turned else s
            row = 12 * t * units
            for n in range(first, last):
                dh = address(args, 8, n, lane, thread)
                if sequences or s + 1 == time:
                    place = 4 * s * units if sequences else 0
                    add(address(args, 4, n, lane, thread) + place, dh, units)
                if padded and f32(args, 5, n, lane, thread)[t] == ZERO:
                    begin, end = 3 * t * units, 3 * (t + 1) * units
                    clear(f32(args, 6, n, lane, thread), begin, end)
                    clear(f32(args, 7, n, lane, thread), begin, end)
                    continue
                gates = address(args, 1, n, lane, thread) + row
                q = address(args, 2, n, lane, thread)
                before = address(args, 3, n, lane, thread) + 4 * t * units
                dx, dq = address(args, 6, n, lane, thread), address(args, 7, n, lane, thread)
                back(gates, q + row, before, dx + row, dq + row, dh, units)
            if s > 0:
                q = address(args, 7, first, lane, thread) + row
                h = address(args, 8, first, lane, thread)
                step(q, q_down, u, 0, h, down, last - first, 3 * units, args[38], args[39])

    return run


@kernel
def gru_bias_gradient(start):  # type: ignore[no-untyped-def]
    """Sum the gradients of both biases over all steps: of x and of q.

    Operands dx, dq (time, columns), db (2, columns), stored or, where `start` is 2, added to.
    Sizes: time, columns.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, columns = args[12], args[13]
        db = f32(args, 2, first, lane, thread)
        if start == 0:
            clear(db, 0, 2 * columns)
        for n in range(first, last):
            dx, dq = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            for t in range(time):
                for c in range(columns):
                    db[c] += dx[t * columns + c]
                for c in range(columns):
                    db[columns + c] += dq[t * columns + c]

    return run

"""Long short-term memory, a lane of sequences at a time.

    i, f, o = sigmoid(z_i, z_f, z_o),  g = tanh(z_g),  c = f c' + i g,  h = o tanh(c)

of z = x kernel + bias + h' recurrent_kernel, whose columns are those of i, f, g and o.

Source: Hochreiter, Schmidhuber 1997, with the forget gate of Gers, Schmidhuber, Cummins 2000.
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
def open_gates(z, gates, at, units):  # type: ignore[no-untyped-def]
    """Give the gates of one step, which begin at `at`."""
    for k in range(at, at + 2 * units):
        gates[k] = sigmoid(z[k])
    for k in range(at + 2 * units, at + 3 * units):
        gates[k] = tanh(z[k])
    for k in range(at + 3 * units, at + 4 * units):
        gates[k] = sigmoid(z[k])


@device
def squash(cells, squashed, at, units):  # type: ignore[no-untyped-def]
    """Give tanh of the cells of one step."""
    for k in range(at, at + units):
        squashed[k] = tanh(cells[k])


def moving_cells(width):  # type: ignore[no-untyped-def]
    """Make the function of a step's cells: c = f c' + i g, one row after the row before."""
    put = storing(width)

    @device
    def move(gates, before, units):  # type: ignore[no-untyped-def]
        k = 0
        while k < units:
            i, f = load(width, gates + 4 * k), load(width, gates + 4 * (units + k))
            g, c = load(width, gates + 4 * (2 * units + k)), load(width, before + 4 * k)
            put(before + 4 * (units + k), f * c + i * g, units - k)
            k += width

    return move


def giving_out(width):  # type: ignore[no-untyped-def]
    """Make the function of a step's output: h = o tanh(c)."""
    put = storing(width)

    @device
    def give(gates, squashed, h, units):  # type: ignore[no-untyped-def]
        k = 0
        while k < units:
            o = load(width, gates + 4 * (3 * units + k))
            put(h + 4 * k, o * load(width, squashed + 4 * k), units - k)
            k += width

    return give


@kernel
def lstm_forward(width, mr, nv, nv_tail, masked, sequences, padded):  # type: ignore[no-untyped-def]
    """Take sequences through time.

    Operands u (blocks of 4 units columns), mask (time,): 0 where a step is padding, read where
    `padded`; z (time, 4 units), gates (time, 4 units), cells and squashed (time + 1, units), from
    step to step; before (time, units): the state that meets each input; y (time, units) where
    `sequences`, else (units,). Sizes: time, units, full blocks, rest columns, whether the last
    input comes first.
    """
    step = stepping(width, mr, nv, nv_tail, masked, 2)
    move, give = moving_cells(width), giving_out(width)
    copy, hold = copying(width), holding(width)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, units, turned = args[32], args[33], args[36]
        u = address(args, 0, 0, lane, thread)
        down, z_down = apart(args, 6, lane, thread), apart(args, 2, lane, thread)
        empty(args, 4, first, last, lane, thread, 0, units)
        for s in range(time):
            t = time - 1 - s if turned else s
            after = t - 1 if turned else t + 1
            row, wide = 4 * t * units, 16 * t * units
            if s == 0:
                empty(args, 6, first, last, lane, thread, t * units, units)
            else:
                h = address(args, 6, first, lane, thread) + row
                z = address(args, 2, first, lane, thread) + wide
                step(h, down, u, 0, z, z_down, last - first, units, args[34], args[35])
            for n in range(first, last):
                cells = address(args, 4, n, lane, thread) + 4 * s * units
                state = address(args, 6, n, lane, thread)
                y = address(args, 7, n, lane, thread) + (4 * s * units if sequences else 0)
                if padded and f32(args, 1, n, lane, thread)[t] == ZERO:
                    copy(cells, cells + 4 * units, units)
                    following = state + 4 * after * units if s + 1 < time else 0
                    hold(state + row, following, y if sequences or s + 1 == time else 0, units)
                    continue
                gates = address(args, 3, n, lane, thread) + wide
                open_gates(
                    f32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread), 4 * t * units,
                    units,
                )  # fmt: skip
                move(gates, cells, units)
                squash(
                    f32(args, 4, n, lane, thread), f32(args, 5, n, lane, thread), (s + 1) * units,
                    units,
                )  # fmt: skip
                squashed = address(args, 5, n, lane, thread) + 4 * (s + 1) * units
                if sequences or s + 1 == time:
                    give(gates, squashed, y, units)
                if s + 1 < time:
                    if sequences:
                        copy(y, state + 4 * after * units, units)
                    else:
                        give(gates, squashed, state + 4 * after * units, units)

    return run


def going_back(width):  # type: ignore[no-untyped-def]
    """Make the function of one step back: the gradients of z and of the cells before.

    dh is left at zero, for what comes back through the matrix.
    """
    put = storing(width)

    @device
    def back(gates, cells, squashed, dz, dh, dc, units):  # type: ignore[no-untyped-def]
        one, k = splat(width, ONE), 0
        while k < units:
            i, f = load(width, gates + 4 * k), load(width, gates + 4 * (units + k))
            g, o = (
                load(width, gates + 4 * (2 * units + k)),
                load(width, gates + 4 * (3 * units + k)),
            )
            c, tc = load(width, cells + 4 * k), load(width, squashed + 4 * k)
            change, room = load(width, dh + 4 * k), units - k
            inner = load(width, dc + 4 * k) + change * o * (one - tc * tc)
            put(dz + 4 * k, inner * g * i * (one - i), room)
            put(dz + 4 * (units + k), inner * c * f * (one - f), room)
            put(dz + 4 * (2 * units + k), inner * i * (one - g * g), room)
            put(dz + 4 * (3 * units + k), change * tc * o * (one - o), room)
            put(dc + 4 * k, inner * f, room)
            put(dh + 4 * k, splat(width, ZERO), room)
            k += width

    return back


@kernel
def lstm_backward(width, mr, nv, nv_tail, masked, sequences, padded):  # type: ignore[no-untyped-def]
    """Take gradients back through time.

    Operands u (the matrix transposed, in blocks of units columns), gates, cells, squashed as
    `lstm_forward` leaves them, dy, mask, dz (time, 4 units), dh and dc (units,). Sizes as there.
    """
    step = stepping(width, mr, nv, nv_tail, masked, 2)
    back, add = going_back(width), adding(width)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, units, turned = args[36], args[37], args[40]
        u = address(args, 0, 0, lane, thread)
        down, z_down = apart(args, 7, lane, thread), apart(args, 6, lane, thread)
        empty(args, 7, first, last, lane, thread, 0, units)
        empty(args, 8, first, last, lane, thread, 0, units)
        for s in range(time - 1, -1, -1):
            t = time - 1 - s if turned else s
            for n in range(first, last):
                gates = address(args, 1, n, lane, thread) + 16 * t * units
                cells = address(args, 2, n, lane, thread) + 4 * s * units
                squashed = address(args, 3, n, lane, thread) + 4 * (s + 1) * units
                dy = address(args, 4, n, lane, thread) + (4 * s * units if sequences else 0)
                dh, dc = address(args, 7, n, lane, thread), address(args, 8, n, lane, thread)
                if sequences or s + 1 == time:
                    add(dy, dh, units)
                if padded and f32(args, 5, n, lane, thread)[t] == ZERO:
                    clear(f32(args, 6, n, lane, thread), 4 * t * units, 4 * (t + 1) * units)
                    continue
                dz = address(args, 6, n, lane, thread) + 16 * t * units
                back(gates, cells, squashed, dz, dh, dc, units)
            if s > 0:
                z = address(args, 6, first, lane, thread) + 16 * t * units
                h = address(args, 7, first, lane, thread)
                step(z, z_down, u, 0, h, down, last - first, 4 * units, args[38], args[39])

    return run

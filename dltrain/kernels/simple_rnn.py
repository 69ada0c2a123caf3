"""The simple recurrent layer, a lane of sequences at a time: h = tanh(z).

z = x kernel + bias + h' recurrent_kernel, of the state h' before.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.functions import tanh
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32
from dltrain.kernels.rearrange import clear
from dltrain.kernels.recurrence import adding, apart, copying, empty, holding, stepping
from dltrain.kernels.simd import load, splat
from dltrain.kernels.storing import storing

ONE, ZERO = np.float32(1), np.float32(0)


@device
def squash(z, h, at, units):  # type: ignore[no-untyped-def]
    """Give tanh of a row that begins at `at`."""
    for k in range(at, at + units):
        h[k] = tanh(z[k])


@kernel
def simple_rnn_forward(width, mr, nv, nv_tail, masked, sequences, padded):  # type: ignore[no-untyped-def]
    """Take sequences through time.

    Operands u (blocks of units columns), mask (time,): 0 where a step is padding, read where
    `padded`; z (time, units), states (time, units), before (time,
    units): the state that meets each input; y (time, units) where `sequences`, else (units,).
    Sizes: time, units, full blocks, rest columns, whether the last input comes first.
    """
    step = stepping(width, mr, nv, nv_tail, masked, 2)
    copy, hold = copying(width), holding(width)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, units, turned = args[24], args[25], args[28]
        u = address(args, 0, 0, lane, thread)
        down, z_down = apart(args, 4, lane, thread), apart(args, 2, lane, thread)
        for s in range(time):
            t = time - 1 - s if turned else s
            after = t - 1 if turned else t + 1
            row = 4 * t * units
            if s == 0:
                empty(args, 4, first, last, lane, thread, t * units, units)
            else:
                h = address(args, 4, first, lane, thread) + row
                z = address(args, 2, first, lane, thread) + row
                step(h, down, u, 0, z, z_down, last - first, units, args[26], args[27])
            for n in range(first, last):
                before = address(args, 4, n, lane, thread)
                following = before + 4 * after * units if s + 1 < time else 0
                y = address(args, 5, n, lane, thread) + (4 * s * units if sequences else 0)
                if padded and f32(args, 1, n, lane, thread)[t] == ZERO:
                    y = y if sequences or s + 1 == time else 0
                    hold(before + row, following, y, units)
                    continue
                z, h = f32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
                squash(z, h, t * units, units)
                state = address(args, 3, n, lane, thread) + row
                if s + 1 < time:
                    copy(state, following, units)
                if sequences or s + 1 == time:
                    copy(state, y, units)

    return run


def going_back(width):  # type: ignore[no-untyped-def]
    """Make the function of one step back: the gradient of z; dh is left at zero."""
    put = storing(width)

    @device
    def back(state, dz, dh, units):  # type: ignore[no-untyped-def]
        one, k = splat(width, ONE), 0
        while k < units:
            h = load(width, state + 4 * k)
            put(dz + 4 * k, load(width, dh + 4 * k) * (one - h * h), units - k)
            put(dh + 4 * k, splat(width, ZERO), units - k)
            k += width

    return back


@kernel
def simple_rnn_backward(width, mr, nv, nv_tail, masked, sequences, padded):  # type: ignore[no-untyped-def]
    """Take gradients back through time.

    Operands u (the matrix transposed, in blocks), states as `simple_rnn_forward` leaves them, dy,
    mask, dz (time, units), dh (units,). Sizes as there.
    """
    step = stepping(width, mr, nv, nv_tail, masked, 2)
    back, add = going_back(width), adding(width)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, units, turned = args[24], args[25], args[28]
        u = address(args, 0, 0, lane, thread)
        down, z_down = apart(args, 5, lane, thread), apart(args, 4, lane, thread)
        empty(args, 5, first, last, lane, thread, 0, units)
        for s in range(time - 1, -1, -1):
            t = time - 1 - s if turned else s
            row = 4 * t * units
            for n in range(first, last):
                dh = address(args, 5, n, lane, thread)
                if sequences or s + 1 == time:
                    place = 4 * s * units if sequences else 0
                    add(address(args, 2, n, lane, thread) + place, dh, units)
                if padded and f32(args, 3, n, lane, thread)[t] == ZERO:
                    clear(f32(args, 4, n, lane, thread), t * units, (t + 1) * units)
                    continue
                state = address(args, 1, n, lane, thread) + row
                back(state, address(args, 4, n, lane, thread) + row, dh, units)
            if s > 0:
                z = address(args, 4, first, lane, thread) + row
                h = address(args, 5, first, lane, thread)
                step(z, z_down, u, 0, h, down, last - first, units, args[26], args[27])

    return run

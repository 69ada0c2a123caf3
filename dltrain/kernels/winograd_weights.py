"""Winograd's transforms of 3x3 kernels, u = G w G', and of their gradients, dw = G' du G.

A transformed kernel is laid out for the register tile: 16 numbers, blocks of columns, inputs,
columns of a block; a block is nv vectors wide, the last one nv_tail.
"""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import BATCH
from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32, f64
from dltrain.kernels.simd import load, splat, store
from dltrain.kernels.tile import Rows, Scalars, Sizes, Vectors, strip
from dltrain.kernels.winograd import storing

PATCH = 16
"""Inputs and outputs of a kernel that are turned over at a time."""
HALF = np.float32(0.5)


@device
def kernel_sums(half, a, b, c):  # type: ignore[no-untyped-def]
    """Multiply a column by G."""
    outer, inner = (a + c) * half, b * half
    return a, outer + inner, outer - inner, c


@device
def gradient_sums(half, a, b, c, d):  # type: ignore[no-untyped-def]
    """Multiply a column by G'."""
    total, difference = (b + c) * half, (b - c) * half
    return a + total, difference, total + d


def moving_kernel(width):  # type: ignore[no-untyped-def]
    """Make the function that moves a vector of 3x3 kernels to its 16 numbers."""

    @device
    def column(w, apart, half):  # type: ignore[no-untyped-def]
        return kernel_sums(
            half, load(width, w), load(width, w + 3 * apart), load(width, w + 6 * apart)
        )

    @device
    def row(u, ahead, half, a, b, c):  # type: ignore[no-untyped-def]
        a, b, c, d = kernel_sums(half, a, b, c)
        store(u, a)
        store(u + ahead, b)
        store(u + 2 * ahead, c)
        store(u + 3 * ahead, d)

    @device
    def move(w, apart, u, ahead):  # type: ignore[no-untyped-def]
        half = splat(width, HALF)
        a0, a1, a2, a3 = column(w, apart, half)
        b0, b1, b2, b3 = column(w + apart, apart, half)
        c0, c1, c2, c3 = column(w + 2 * apart, apart, half)
        row(u, ahead, half, a0, b0, c0)
        row(u + 4 * ahead, ahead, half, a1, b1, c1)
        row(u + 8 * ahead, ahead, half, a2, b2, c2)
        row(u + 12 * ahead, ahead, half, a3, b3, c3)

    return move


def moving_gradient_back(width):  # type: ignore[no-untyped-def]
    """Make the function that moves 16 numbers to a vector of gradients of 3x3 kernels."""
    put = storing(width)

    @device
    def column(u, ahead, half):  # type: ignore[no-untyped-def]
        return gradient_sums(
            half, load(width, u), load(width, u + 4 * ahead), load(width, u + 8 * ahead),
            load(width, u + 12 * ahead),
        )  # fmt: skip

    @device
    def row(w, apart, half, room, a, b, c, d):  # type: ignore[no-untyped-def]
        a, b, c = gradient_sums(half, a, b, c, d)
        put(w, a, room)
        put(w + apart, b, room)
        put(w + 2 * apart, c, room)

    @device
    def move(u, ahead, w, apart, room):  # type: ignore[no-untyped-def]
        half = splat(width, HALF)
        a0, a1, a2 = column(u, ahead, half)
        b0, b1, b2 = column(u + ahead, ahead, half)
        c0, c1, c2 = column(u + 2 * ahead, ahead, half)
        d0, d1, d2 = column(u + 3 * ahead, ahead, half)
        row(w, apart, half, room, a0, b0, c0, d0)
        row(w + 3 * apart, apart, half, room, a1, b1, c1, d1)
        row(w + 6 * apart, apart, half, room, a2, b2, c2, d2)

    return move


@device
def place_of(k, c, inputs, block, last_block, full):  # type: ignore[no-untyped-def]
    """Give where column c of input k stands among the blocks of one number."""
    j = smaller(c // block, full)
    return j * block * inputs + k * (block if j < full else last_block) + c - j * block


@kernel
def winograd_kernel(width, nv, nv_tail):  # type: ignore[no-untyped-def]
    """Move kernels (3, 3, inputs, outputs): u = G w G' for inputs [first, last).

    Operands w, u. Sizes: inputs, outputs.
    """
    move = moving_kernel(width)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        inputs, outputs = args[8], args[9]
        block, last_block = nv * width, nv_tail * width
        full = outputs // block
        w, u = address(args, 0, 0, 0, 0), address(args, 1, 0, 0, 0)
        apart, ahead = 4 * inputs * outputs, 4 * inputs * (full * block + last_block)
        for k in range(first, last):
            c = 0
            while c < outputs:
                place = place_of(k, c, inputs, block, last_block, full)
                move(w + 4 * (k * outputs + c), apart, u + 4 * place, ahead)
                c += width

    return run


@kernel
def winograd_turned_kernel(width, nv, nv_tail):  # type: ignore[no-untyped-def]
    """Move kernels turned over, for the input gradient, in patches [first, last) of outputs.

    Operands w (3, 3, inputs, outputs), u (of outputs by inputs), patch (9, 16, 16; one for each
    thread). Sizes: inputs, outputs.
    """
    move = moving_kernel(width)

    @device
    def turn(w, patch, inputs, outputs, k, c):  # type: ignore[no-untyped-def]
        """Copy kernels of inputs k on and outputs c on to a patch, outputs first, reversed."""
        high, wide = smaller(PATCH, inputs - k), smaller(PATCH, outputs - c)
        for p in range(9):
            for i in range(high):
                source = ((8 - p) * inputs + k + i) * outputs + c
                for o in range(wide):
                    patch[(p * PATCH + o) * PATCH + i] = w[source + o]

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        inputs, outputs = args[12], args[13]
        block, last_block = nv * width, nv_tail * width
        full = inputs // block
        w, u = f32(args, 0, 0, 0, 0), address(args, 1, 0, 0, 0)
        patch, corner = f32(args, 2, 0, 0, thread), address(args, 2, 0, 0, thread)
        ahead = 4 * outputs * (full * block + last_block)
        for unit in range(first, last):
            o = unit * PATCH
            k = 0
            while k < inputs:
                turn(w, patch, inputs, outputs, k, o)
                for row in range(smaller(PATCH, outputs - o)):
                    c = k
                    while c < smaller(k + PATCH, inputs):
                        place = place_of(o + row, c, outputs, block, last_block, full)
                        source = corner + 4 * (row * PATCH + c - k)
                        move(source, 4 * PATCH * PATCH, u + 4 * place, ahead)
                        c += width
                k += PATCH

    return run


@kernel
def winograd_weights(width, mr, mr_tail, nv, nv_tail, masked):  # type: ignore[no-untyped-def]
    """Give the kernel's gradient over the whole batch, in parts of inputs by outputs.

    Operands x (16, tiles, inputs), dy (16, tiles, outputs), cells, dw (3, 3, inputs, outputs), du
    (16, inputs of a part, outputs of a part; one for each thread). Sizes: tiles of a sample,
    inputs, outputs, inputs of a part (a multiple of mr), full blocks of outputs, blocks, rest
    columns. First and last are parts of inputs times blocks of outputs.
    """
    back = moving_gradient_back(width)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        rows = np.int64(f64(args, 2, 0, 0, 0)[BATCH]) * args[20]
        inputs, outputs, part = args[21], args[22], args[23]
        full, blocks, block = args[24], args[25], nv * width
        du, dw = address(args, 4, 0, 0, thread), address(args, 3, 0, 0, 0)
        apart, ahead = 4 * inputs * outputs, 4 * part * block
        for unit in range(first, last):
            k, j = unit // blocks * part, unit % blocks
            high, wide = smaller(part, inputs - k), smaller(block, outputs - j * block)
            tiles, rest = high // mr, 1 if high % mr > 0 else 0
            for p in range(16):
                x = address(args, 0, 0, 0, 0) + 4 * (p * rows * inputs + k)
                dy = address(args, 1, 0, 0, 0) + 4 * (p * rows * outputs + j * block)
                z = du + p * ahead
                a, b = Scalars(x, 0, 1, 0, 0, inputs), Vectors(dy, 0, 0, outputs)
                a_rest = Scalars(x + 4 * tiles * mr, 0, 1, 0, 0, inputs)
                c, c_rest = Rows(z, 0, block), Rows(z + 4 * tiles * mr * block, 0, block)
                whole, single = Sizes(1, tiles, 1, 1, rows, 0), Sizes(1, rest, 1, 1, rows, 0)
                if j < full:
                    strip(width, mr, 0, nv, 0, 0, 0, a, b, 0, c, whole)
                    strip(width, mr_tail, 0, nv, 0, 0, 0, a_rest, b, 0, c_rest, single)
                else:
                    strip(width, mr, 0, nv_tail, 0, 0, 0, a, b, 0, c, whole)
                    strip(width, mr_tail, 0, nv_tail, 0, 0, 0, a_rest, b, 0, c_rest, single)
            for i in range(high):
                column = 0
                while column < wide:
                    source = du + 4 * (i * block + column)
                    target = dw + 4 * ((k + i) * outputs + j * block + column)
                    back(source, ahead, target, apart, wide - column)
                    column += width

    return run

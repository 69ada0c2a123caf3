"""Winograd's transforms of 3x3 kernels, u = G w G', and of their gradients, dw = G' du G.

A transformed kernel is laid out for the register tile: 16 numbers, blocks of columns, inputs,
columns of a block; a block is nv vectors wide, the last one nv_tail.
"""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import BATCH
from dltrain.kernels.bfloat16 import paired
from dltrain.kernels.contraction import STRIPS
from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32, f64
from dltrain.kernels.simd import load, splat, store
from dltrain.kernels.storing import storing
from dltrain.kernels.tile import Rows, Scalars, Sizes, Vectors

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


def moving_kernel(width, halves):  # type: ignore[no-untyped-def]
    """Make the function that moves a vector of 3x3 kernels to its 16 numbers.

    With `halves` it makes words of the numbers of two vectors, at `w` and at `other`.
    """

    @device
    def column(w, apart, half):  # type: ignore[no-untyped-def]
        return kernel_sums(
            half, load(width, w), load(width, w + 3 * apart), load(width, w + 6 * apart)
        )

    @device
    def columns(w, apart, half):  # type: ignore[no-untyped-def]
        return (
            column(w, apart, half), column(w + apart, apart, half),
            column(w + 2 * apart, apart, half),
        )  # fmt: skip

    @device
    def put(u, value, other):  # type: ignore[no-untyped-def]
        store(u, paired(value, other) if halves else value)

    @device
    def row(u, ahead, half, a, b, c, d, e, f):  # type: ignore[no-untyped-def]
        a, b, c, g = kernel_sums(half, a, b, c)
        d, e, f, h = kernel_sums(half, d, e, f)
        put(u, a, d)
        put(u + ahead, b, e)
        put(u + 2 * ahead, c, f)
        put(u + 3 * ahead, g, h)

    @device
    def move(w, other, apart, u, ahead):  # type: ignore[no-untyped-def]
        half = splat(width, HALF)
        a, b, c = columns(w, apart, half)
        d, e, f = columns(other, apart, half)
        row(u, ahead, half, a[0], b[0], c[0], d[0], e[0], f[0])
        row(u + 4 * ahead, ahead, half, a[1], b[1], c[1], d[1], e[1], f[1])
        row(u + 8 * ahead, ahead, half, a[2], b[2], c[2], d[2], e[2], f[2])
        row(u + 12 * ahead, ahead, half, a[3], b[3], c[3], d[3], e[3], f[3])

    return move


def moving_gradient_back(width, start=0):  # type: ignore[no-untyped-def]
    """Make the function that moves 16 numbers to a vector of gradients of 3x3 kernels.

    Start 0 stores, 2 adds to what is there.
    """
    store_some = storing(width)

    @device
    def put(w, value, room):  # type: ignore[no-untyped-def]
        store_some(w, value + load(width, w) if start else value, room)

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
def winograd_kernel(width, nv, nv_tail, halves=0):  # type: ignore[no-untyped-def]
    """Move kernels (3, 3, inputs, outputs): u = G w G' for inputs [first, last).

    Operands w, u. Sizes: inputs, outputs. With `halves` u is of words of two inputs, and first and
    last count them; a last odd input is there twice, since its tiles hold a zero beside it.
    """
    move, each = moving_kernel(width, halves), 2 if halves else 1

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        inputs, outputs = args[8], args[9]
        block, last_block = nv * width, nv_tail * width
        full, rows = outputs // block, (inputs + each - 1) // each
        w, u = address(args, 0, 0, 0, 0), address(args, 1, 0, 0, 0)
        apart, ahead = 4 * inputs * outputs, 4 * rows * (full * block + last_block)
        for k in range(first, last):
            one = w + 4 * each * k * outputs
            two = w + 4 * smaller(each * k + 1, inputs - 1) * outputs
            c = 0
            while c < outputs:
                place = place_of(k, c, rows, block, last_block, full)
                move(one + 4 * c, two + 4 * c, apart, u + 4 * place, ahead)
                c += width

    return run


@kernel
def winograd_turned_kernel(width, nv, nv_tail, halves=0):  # type: ignore[no-untyped-def]
    """Move kernels turned over, for the input gradient, in patches [first, last) of outputs.

    Operands w (3, 3, inputs, outputs), u (of outputs by inputs), patch (9, 16, 16; one for each
    thread). Sizes: inputs, outputs. With `halves` u is of words of two outputs.
    """
    move, each = moving_kernel(width, halves), 2 if halves else 1

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
        full, rows = inputs // block, (outputs + each - 1) // each
        w, u = f32(args, 0, 0, 0, 0), address(args, 1, 0, 0, 0)
        patch, corner = f32(args, 2, 0, 0, thread), address(args, 2, 0, 0, thread)
        ahead = 4 * rows * (full * block + last_block)
        for unit in range(first, last):
            o = unit * PATCH
            high = smaller(PATCH, outputs - o)
            k = 0
            while k < inputs:
                turn(w, patch, inputs, outputs, k, o)
                for row in range(0, high, each):
                    here = corner + 4 * row * PATCH
                    other = corner + 4 * smaller(row + 1, high - 1) * PATCH
                    c = 0
                    while c < smaller(PATCH, inputs - k):
                        place = place_of((o + row) // each, k + c, rows, block, last_block, full)
                        move(here + 4 * c, other + 4 * c, 4 * PATCH * PATCH, u + 4 * place, ahead)
                        c += width
                k += PATCH

    return run


@kernel
def winograd_weights(width, mr, mr_tail, nv, nv_tail, masked, halves=0):  # type: ignore[no-untyped-def]
    """Give the kernel's gradient over the whole batch, in parts of inputs by outputs.

    Operands x (16, tiles, inputs), dy (16, tiles, outputs), cells, dw (3, 3, inputs, outputs), du
    (16, inputs of a part, outputs of a part; one for each thread). Sizes: tiles of a sample,
    inputs, outputs, inputs of a part (a multiple of mr), full blocks of outputs, blocks, rest
    columns. First and last are parts of inputs times blocks of outputs.
    With `halves` tiles are words of two.
    """
    emit = STRIPS[halves]
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
                    emit(width, mr, 0, nv, 0, 0, 0, a, b, 0, c, whole)
                    emit(width, mr_tail, 0, nv, 0, 0, 0, a_rest, b, 0, c_rest, single)
                else:
                    emit(width, mr, 0, nv_tail, 0, 0, 0, a, b, 0, c, whole)
                    emit(width, mr_tail, 0, nv_tail, 0, 0, 0, a_rest, b, 0, c_rest, single)
            for i in range(high):
                column = 0
                while column < wide:
                    source = du + 4 * (i * block + column)
                    target = dw + 4 * ((k + i) * outputs + j * block + column)
                    back(source, ahead, target, apart, wide - column)
                    column += width

    return run

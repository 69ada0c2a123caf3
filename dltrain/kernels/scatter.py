"""Both gradients of a convolution from the few output gradients that are not zero.

Behind relu and max pooling most of a convolution's output gradient is zero. So the rest is listed,
filter by filter, and each entry g at a window of x adds g * x to the filter's gradient, held in
registers, and g * filter to the window of dx. The work is that of the entries alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import address, f32, i32, u8
from dltrain.kernels.vectors import VectorBuilder

NOTHING = np.float32(0)
NO_GRADIENT = 255
"""The code of a pooled value that relu made 0: no element of its window has a gradient."""


@kernel
def collect_entries(pool_high, pool_wide, relu, bias):  # type: ignore[no-untyped-def]
    """List the output gradients that are not zero, by band of rows and filter.

    Operands dy, selector (pooled: uint8 codes; else y, read with relu), offsets, values, counts,
    db. Sizes: rows and columns of dy, filters, rows of a band, strides of x per output row and
    column. Lists are [bands, filters, rows of a band * columns]; offsets are those of windows of x.
    """
    pooled = pool_high * pool_wide > 1

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        high, wide, filters, band = args[24], args[25], args[26], args[27]
        down, across = args[28], args[29]
        room = band * wide
        for n in range(first, last):
            dy = f32(args, 0, n, lane, thread)
            codes, y = u8(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            offsets, values = i32(args, 2, n, lane, thread), f32(args, 3, n, lane, thread)
            counts, db = i32(args, 4, n, lane, thread), f32(args, 5, n, lane, thread)
            for k in range((high + band - 1) // band * filters):
                counts[k] = 0
            for i in range(high):
                part = i // band * filters
                for j in range(wide):
                    at = (i * wide + j) * filters
                    window = i * pool_high * down + j * pool_wide * across
                    for o in range(filters):
                        value = dy[at + o]
                        offset = window
                        if pooled:
                            code = np.int64(codes[at + o])
                            row = code // pool_wide
                            offset += row * down + (code - row * pool_wide) * across
                            value = NOTHING if code == NO_GRADIENT else value
                        elif relu:
                            value = NOTHING if y[at + o] <= NOTHING else value
                        # Written first, counted after: no branch to guess wrong.
                        slot = (part + o) * room + counts[part + o]
                        offsets[slot] = offset
                        values[slot] = value
                        counts[part + o] += np.int32(value != NOTHING)
                        if bias:
                            db[o] += value

    return run


@kernel
def scatter_entries(width, vectors, vectors_tail, masked, with_dx):  # type: ignore[no-untyped-def]
    """Add every listed entry to the filters' gradients and, `with_dx`, to the input's gradient.

    Operands offsets, values, counts, x, w, dw, dx; w and dw are [filters, kernel rows, run], a run
    the inputs under one row of the kernel. Sizes: bands, filters, entries a list has room for,
    kernel rows, stride of x per kernel row, run, full blocks of a run, rest numbers of the last
    vector.
    """
    block = vectors * width

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        bands, filters, room, rows = args[28], args[29], args[30], args[31]
        down, run_length, blocks, rest = args[32], args[33], args[34], args[35]
        for n in range(first, last):
            counts = i32(args, 2, n, lane, thread)
            offsets, values = address(args, 0, n, lane, thread), address(args, 1, n, lane, thread)
            x, dx = address(args, 3, n, lane, thread), address(args, 6, n, lane, thread)
            w, dw = address(args, 4, n, lane, thread), address(args, 5, n, lane, thread)
            for part in range(bands):
                for o in range(filters):
                    listed = part * filters + o
                    count = np.int64(counts[listed])
                    where, what = offsets + 4 * listed * room, values + 4 * listed * room
                    for k in range(rows):
                        at, moved = 4 * (o * rows + k) * run_length, 4 * k * down
                        for b in range(blocks):
                            on = 4 * b * block
                            scatter(width, vectors, 0, with_dx, where, what, count, x + moved + on,
                                    dx + moved + on, w + at + on, dw + at + on, 0)  # fmt: skip
                        on = 4 * blocks * block
                        scatter(width, vectors_tail, masked, with_dx, where, what, count,
                                x + moved + on, dx + moved + on, w + at + on, dw + at + on,
                                rest)  # fmt: skip

    return run


@intrinsic(prefer_literal=True)
def scatter(  # type: ignore[no-untyped-def]
    typing_context, width, vectors, masked, with_dx, offsets, values, count, x, dx, w, dw, rest
):
    """Take one list through `vectors` vectors of a row of a kernel. The first four are literal."""
    literals = (width, vectors, masked, with_dx)
    shape = [t.literal_value for t in literals]
    signature = types.void(*literals, *[types.int64] * 8)

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        if shape[1]:
            count = args[6]
            some = builder.icmp_signed(">", count, ir.Constant(count.type, 0))
            with builder.if_then(some):
                _emit(VectorBuilder(builder, shape[0]), shape, args[4:])
        return context.get_dummy_value()

    return signature, codegen


def _emit(v: VectorBuilder, shape: list[int], args: Any) -> None:
    """Write the loop over the entries, the gradient's vectors in registers."""
    width, vectors, masked, with_dx = shape
    builder = v.builder
    offsets, values, count, x, dx, w, dw, rest = args
    mask = v.mask(rest) if masked else None
    x, dx, w, dw, values = (v.pointer(value) for value in (x, dx, w, dw, values))
    offsets = builder.inttoptr(offsets, ir.IntType(32).as_pointer())
    places = [j * width for j in range(vectors)]
    weights = [v.load(w, place) for place in places] if with_dx else []
    start = [v.load(dw, place) for place in places]
    before, head, after = builder.block, v.block("head"), v.block("after")
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(ir.IntType(64))
    index.add_incoming(v.const(0), before)
    sums = []
    for value in start:
        phi = builder.phi(v.vector)
        phi.add_incoming(value, before)
        sums.append(phi)
    offset = builder.sext(builder.load(builder.gep(offsets, [index])), ir.IntType(64))
    entry = v.splat(builder.load(builder.gep(values, [index])))
    x_window, dx_window = builder.gep(x, [offset]), builder.gep(dx, [offset])
    for phi, place in zip(sums, places, strict=True):
        phi.add_incoming(v.fma(v.load(x_window, place), entry, phi), head)
    for weight, place in zip(weights, places, strict=False):
        total = v.fma(weight, entry, v.load(dx_window, place))
        v.store(total, dx_window, place, mask if place == places[-1] else None)
    following = builder.add(index, v.const(1))
    index.add_incoming(following, head)
    back = builder.cbranch(builder.icmp_signed("<", following, count), head, after)
    v.keep_rolled(back)
    builder.position_at_end(after)
    for phi, place in zip(sums, places, strict=True):
        total = phi.incomings[1][0]
        v.store(total, dw, place, mask if place == places[-1] else None)

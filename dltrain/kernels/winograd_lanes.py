"""Winograd's gradient of a 3x3 kernel, lane by lane, of factors rounded to bfloat16."""

from __future__ import annotations

from dltrain.kernels.bfloat16_tile import bfloat16_strip
from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32
from dltrain.kernels.rearrange import clear
from dltrain.kernels.tile import Rows, Scalars, Sizes, Vectors
from dltrain.kernels.winograd_moves import POSITIONS
from dltrain.kernels.winograd_pairs import moving_changes, moving_inputs, over_pairs
from dltrain.kernels.winograd_weights import moving_gradient_back


def multiplying(width, mr, mr_tail, nv, nv_tail, masked):  # type: ignore[no-untyped-def]
    """Make the function that adds the products of `count` words of tiles to the 16 numbers."""

    @device
    def multiply(tiles, changes, du, count, inputs, outputs, whole, full, rest):  # type: ignore[no-untyped-def]
        for p in range(POSITIONS):
            a = Scalars(tiles + 4 * p * count * inputs, 0, 1, 0, 0, inputs)
            dy, z = changes + 4 * p * count * outputs, du + 4 * p * inputs * outputs
            sizes, last = Sizes(1, whole, 1, 1, count, 0), Sizes(1, whole, 1, 1, count, rest)
            for j in range(full):
                at = 4 * j * nv * width
                b, c = Vectors(dy + at, 0, 0, outputs), Rows(z + at, 0, outputs)
                bfloat16_strip(width, mr, mr_tail, nv, 0, 2, 0, a, b, 0, c, sizes)
            at = 4 * full * nv * width
            b, c = Vectors(dy + at, 0, 0, outputs), Rows(z + at, 0, outputs)
            bfloat16_strip(width, mr, mr_tail, nv_tail, masked, 2, 0, a, b, 0, c, last)

    return multiply


@kernel
def winograd_lane_weights(width, mr, mr_tail, nv, nv_tail, masked, start):  # type: ignore[no-untyped-def]
    """Give the kernel's gradient of a lane, a few images at a time: dw = x * dy, or dw += x * dy.

    Operands x (rows, columns, inputs), dy, dw (3, 3, inputs, outputs), tiles and changes (16, words
    of some images, inputs or outputs), du (16, inputs, outputs); the last three are a thread's
    own. Sizes: rows and columns of tiles, images at a time, inputs, outputs, columns of x, columns
    from row to row of dy, where dy begins, full tiles of mr inputs, full blocks, rest columns.
    """
    take_in, take_changes = (
        over_pairs(width, moving_inputs(width)),
        over_pairs(width, moving_changes(width)),
    )
    multiply = multiplying(width, mr, mr_tail, nv, nv_tail, masked)
    back = moving_gradient_back(width, start)

    @device
    def finish(du, dw, inputs, outputs):  # type: ignore[no-untyped-def]
        apart = 4 * inputs * outputs
        for i in range(inputs):
            c = 0
            while c < outputs:
                at = 4 * (i * outputs + c)
                back(du + at, apart, dw + at, apart, outputs - c)
                c += width

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        high, wide, step, inputs, outputs = args[24], args[25], args[26], args[27], args[28]
        columns, dy_columns, begin = args[29], args[30], args[31]
        tiles, changes = address(args, 3, 0, lane, thread), address(args, 4, 0, lane, thread)
        du, pairs = address(args, 5, 0, lane, thread), high * ((wide + 1) // 2)
        clear(f32(args, 5, 0, lane, thread), 0, POSITIONS * inputs * outputs)
        n = first
        while n < last:
            count = smaller(step, last - n)
            apart, dy_apart = 4 * count * pairs * inputs, 4 * count * pairs * outputs
            for k in range(count):
                x = address(args, 0, n + k, lane, thread)
                dy = address(args, 1, n + k, lane, thread) + 4 * begin
                take_in(
                    x, 4 * columns * inputs, 4 * inputs, tiles + 4 * k * pairs * inputs, apart,
                    high, wide, inputs,
                )  # fmt: skip
                take_changes(
                    dy, 4 * dy_columns * outputs, 4 * outputs, changes + 4 * k * pairs * outputs,
                    dy_apart, high, wide, outputs,
                )  # fmt: skip
            multiply(
                tiles, changes, du, count * pairs, inputs, outputs, args[32], args[33], args[34]
            )
            n += count
        finish(du, address(args, 2, 0, lane, thread), inputs, outputs)

    return run

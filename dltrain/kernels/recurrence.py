"""What recurrent layers share: the states of a lane's sequences meet the recurrent matrix.

A lane takes its sequences through time together, so that each step reads the matrix once for all.
"""

from __future__ import annotations

from dltrain.kernels.kernel import device
from dltrain.kernels.memory import address, f32
from dltrain.kernels.rearrange import clear
from dltrain.kernels.simd import load
from dltrain.kernels.storing import storing
from dltrain.kernels.strips import Left, Result, Right, multiplying


@device
def apart(args, operand, lane, thread):  # type: ignore[no-untyped-def]
    """Give the bytes from one sample's copy of an operand to the next one's."""
    return address(args, operand, 1, lane, thread) - address(args, operand, 0, lane, thread)


@device
def empty(args, operand, first, last, lane, thread, start, units):  # type: ignore[no-untyped-def]
    """Set a state of each sequence, from number `start` of an operand on, to zero."""
    for n in range(first, last):
        clear(f32(args, operand, n, lane, thread), start, start + units)


def stepping(width, mr, nv, nv_tail, masked, init):  # type: ignore[no-untyped-def]
    """Make the function that multiplies one row of each sequence: z = start + h u.

    Addresses h and z are of the first sequence's row, `down` and `z_down` lead to the next one's in
    bytes. u lies in blocks of columns; `full` of them are whole, the last one has `rest` columns.
    """
    multiply, block = multiplying(width, mr, nv, nv_tail, masked, init), nv * width

    @device
    def step(h, down, u, bias, z, z_down, count, inputs, full, rest):  # type: ignore[no-untyped-def]
        matrix = Right(u, block * inputs, block, full, rest)
        multiply(Left(h, down // 4, 1), matrix, bias, Result(z, z_down // 4), count, inputs)

    return step


def copying(width):  # type: ignore[no-untyped-def]
    """Make the function that copies `count` numbers from one address to another."""
    put = storing(width)

    @device
    def copy(x, y, count):  # type: ignore[no-untyped-def]
        k = 0
        while k < count:
            put(y + 4 * k, load(width, x + 4 * k), count - k)
            k += width

    return copy


def adding(width):  # type: ignore[no-untyped-def]
    """Make the function that adds `count` numbers at one address to those at another."""
    put = storing(width)

    @device
    def add(x, y, count):  # type: ignore[no-untyped-def]
        k = 0
        while k < count:
            put(y + 4 * k, load(width, y + 4 * k) + load(width, x + 4 * k), count - k)
            k += width

    return add


def holding(width):  # type: ignore[no-untyped-def]
    """Make the function of a step that is padding: the state before stays, and is given out.

    `after` is the address of the state that the next step meets, `y` that of the output; 0 where
    there is none.
    """
    copy = copying(width)

    @device
    def hold(before, after, y, units):  # type: ignore[no-untyped-def]
        if after != 0:
            copy(before, after, units)
        if y != 0:
            copy(before, y, units)

    return hold

"""A product of a number of rows that only the run knows: whole tiles, then rows one by one."""

from __future__ import annotations

from collections import namedtuple

from dltrain.kernels.kernel import device
from dltrain.kernels.tile import Rows, Scalars, Sizes, Vectors, strip

Left = namedtuple("Left", "pointer row step")
"""The first factor: its address, and elements from row to row and from column to column."""
Right = namedtuple("Right", "pointer block row full rest")
"""The second factor: its address, elements from one block of columns to the next and from row to
row; full blocks, and columns beyond the last full vector."""
Result = namedtuple("Result", "pointer row")


def multiplying(width, mr, nv, nv_tail, masked, init):  # type: ignore[no-untyped-def]
    """Make the function of c = start + a b for `rows` rows, of sums of `length` products.

    `init` is what c starts from, as in `tile`.
    """
    block = nv * width

    @device
    def multiply(a, b, bias, c, rows, length):  # type: ignore[no-untyped-def]
        tiles, singles = rows // mr, rows % mr
        below = 4 * tiles * mr
        x, x_rest = (
            Scalars(a.pointer, 0, a.row, 0, 0, a.step),
            Scalars(a.pointer + below * a.row, 0, a.row, 0, 0, a.step),
        )
        y_rest = c.pointer + below * c.row
        whole, single = Sizes(1, tiles, 1, 1, length, 0), Sizes(1, singles, 1, 1, length, 0)
        for j in range(b.full):
            w, at = Vectors(b.pointer + 4 * j * b.block, 0, 0, b.row), 4 * j * block
            y, rest = Rows(c.pointer + at, 0, c.row), Rows(y_rest + at, 0, c.row)
            strip(width, mr, 0, nv, 0, init, 0, x, w, bias + at, y, whole)
            strip(width, 1, 0, nv, 0, init, 0, x_rest, w, bias + at, rest, single)
        w, at = Vectors(b.pointer + 4 * b.full * b.block, 0, 0, b.row), 4 * b.full * block
        y, rest = Rows(c.pointer + at, 0, c.row), Rows(y_rest + at, 0, c.row)
        whole, single = (
            Sizes(1, tiles, 1, 1, length, b.rest),
            Sizes(1, singles, 1, 1, length, b.rest),
        )
        strip(width, mr, 0, nv_tail, masked, init, 0, x, w, bias + at, y, whole)
        strip(width, 1, 0, nv_tail, masked, init, 0, x_rest, w, bias + at, rest, single)

    return multiply

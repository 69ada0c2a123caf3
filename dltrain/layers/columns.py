"""The row of a product with a large matrix and few rows: threads share its columns."""

from __future__ import annotations

from math import prod

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.parts import parts_of
from dltrain.layers.blocks import Blocks, count_of
from dltrain.layers.sharing import is_worth_it
from dltrain.layers.tiling import choose_singly

MOST_ROWS = 64
"""Rows of a batch up to which lanes are too few, or too small, to read a large matrix each."""
LEAST_WEIGHTS = 2**16
"""Elements of a matrix from which on threads share its columns."""


def suits(at: Lowering, rows: int, weights: int) -> bool:
    """Tell whether threads should share the columns, for `rows` in each sample."""
    is_large = weights >= LEAST_WEIGHTS or is_worth_it(at, rows * weights)
    return at.batch_size * rows <= MOST_ROWS and is_large


def multiply(
    at: Lowering, x: Buffer, name: str, bias: Buffer, y: Buffer, *, start: int, relu: int
) -> None:
    """Write the row y = x w (+ bias, relu) for parameter `name`, x with one row for each of y.

    Where w stays as it is, a copy of it is read, in which each block of columns lies in one piece:
    memory gives three times as many bytes in a row as 256 here and there.
    """
    w = at.parameter(name)
    rows, inputs, columns = prod(y.shape[:-1]), prod(w.shape[:-1]), w.shape[-1]
    tiling = choose_singly(at.batch_size * rows, columns, at.target)
    if count_of(tiling) > 1 and not at.training:
        blocks = Blocks.laid_out(at, name, inputs, columns, tiling)
    else:
        blocks = Blocks.untouched(at, name, columns, tiling)
    at.row(
        "multiply_columns",
        variant=(*tiling.variant, start, relu),
        reads=(x, blocks.matrix, bias, at.cells),
        writes=(y,),
        sizes=(rows, inputs, columns, *blocks.sizes, blocks.apart, blocks.down),
        per="batch",
        parts=parts_of(count_of(tiling)),
    )

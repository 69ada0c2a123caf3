"""The row of a product with a large matrix and few rows: threads share its columns."""

from __future__ import annotations

from math import prod

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.parts import parts_of
from dltrain.layers.tiling import choose

MOST_ROWS = 64
"""Rows of a batch up to which lanes are too few, or too small, to read a large matrix each."""
TILE_ROWS = 8
"""Rows that a tiling is chosen for, where there are more."""
LEAST_WEIGHTS = 2**16
"""Elements of a matrix from which on threads share its columns."""


def suits(at: Lowering, rows: int, weights: int) -> bool:
    """Tell whether threads should share the columns, for `rows` in each sample."""
    return at.batch_size * rows <= MOST_ROWS and weights >= LEAST_WEIGHTS


def multiply(
    at: Lowering, x: Buffer, weights: Buffer, bias: Buffer, y: Buffer, *, start: int, relu: int
) -> None:
    """Write the row y = x weights (+ bias, relu), x with one row for each of y."""
    columns = weights.shape[-1]
    rows, inputs = prod(y.shape[:-1]), prod(weights.shape[:-1])
    tiling = choose(min(at.batch_size * rows, TILE_ROWS), columns, at.target)
    blocks = tiling.blocks + (tiling.nv_tail > 0)
    at.row(
        "multiply_columns",
        variant=(*tiling.variant, start, relu),
        reads=(x, weights, bias, at.cells),
        writes=(y,),
        sizes=(rows, inputs, columns, tiling.blocks, tiling.columns),
        per="batch",
        parts=parts_of(blocks),
    )

"""The row of a product of one row with a matrix: the matrix is read once, by all threads."""

from __future__ import annotations

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.parts import parts_of
from dltrain.layers.blocks import Blocks, count_of
from dltrain.layers.matrix import Matrix
from dltrain.layers.tiling import choose_singly

SHARED = 2**15
"""Elements of a matrix from which on threads share its columns."""


def multiply_row(
    at: Lowering, x: Buffer, name: str, bias: str | None, y: Buffer, *, added: bool = False
) -> None:
    """Write the row y = x w (+ bias), for a parameter `name` as a matrix; `added` to what y holds.

    Each block of columns lies in one piece in the copy of w that is read.
    """
    inputs, columns = x.size, y.size
    if inputs * columns < SHARED:
        start = 2 if added else int(bias is not None)
        Matrix(at, name, inputs, columns).multiply(x, at.parameter(bias or name), y, start=start)
        return
    tiling = choose_singly(1, columns, at.target)
    if count_of(tiling) > 1:
        blocks = Blocks.laid_out(at, name, inputs, columns, tiling)
    else:
        blocks = Blocks.untouched(at, name, columns, tiling)
    at.row(
        "multiply_columns",
        variant=(*tiling.variant, 2 if added else int(bias is not None), 0),
        reads=(x, blocks.matrix, at.parameter(bias or name), at.cells),
        writes=(y,),
        sizes=(1, inputs, columns, *blocks.sizes, blocks.apart, blocks.down),
        per="batch",
        parts=parts_of(count_of(tiling)),
    )

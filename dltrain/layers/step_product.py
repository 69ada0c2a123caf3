"""The row of a product of one row with a matrix: the matrix is read once, by all threads."""

from __future__ import annotations

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.parts import parts_of
from dltrain.layers.matrix import Matrix
from dltrain.layers.tiling import choose_singly

SHARED = 2**15
"""Elements of a matrix from which on threads share its columns."""
COPIED = 2**14
"""Elements of a matrix that a thread copies at a time."""


def multiply_row(
    at: Lowering, x: Buffer, name: str, bias: str | None, y: Buffer, *, added: bool = False
) -> None:
    """Write the row y = x w (+ bias), for a parameter `name` as a matrix; `added` to what y holds.

    Each block of columns lies in one piece in the copy of w that is read.
    """
    w, inputs, columns = at.parameter(name), x.size, y.size
    if inputs * columns < SHARED:
        start = 2 if added else int(bias is not None)
        Matrix(at, name, inputs, columns).multiply(x, at.parameter(bias or name), y, start=start)
        return
    tiling = choose_singly(1, columns, at.target)
    blocks, block = tiling.blocks + (tiling.nv_tail > 0), tiling.nv * tiling.width
    if blocks > 1:
        w = at.prepared(
            name, "block_columns", shape=(blocks, inputs, block), sizes=(inputs, columns, block),
            parts=parts_of(inputs, step=max(1, COPIED // columns)),
        )  # fmt: skip
    apart, down = (inputs * block, block) if blocks > 1 else (block, columns)
    at.row(
        "multiply_columns",
        variant=(*tiling.variant, 2 if added else int(bias is not None), 0),
        reads=(x, w, at.parameter(bias or name), at.cells),
        writes=(y,),
        sizes=(1, inputs, columns, tiling.blocks, tiling.columns, apart, down),
        per="batch",
        parts=parts_of(blocks),
    )

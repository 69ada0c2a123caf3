"""A matrix laid out for products: each block of its columns lies in one piece.

The rows of a block follow each other. In a matrix they are often a power of two apart, which caches
keep in few places, and memory gives a third as many bytes here and there as in a row.
"""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.parts import parts_of
from dltrain.layers.tiling import Tiling, choose_blocks, choose_even

LANE_ROWS = 8
"""Rows that a tiling is chosen for, where their number is only known at run time: a lane's."""
MANY_ROWS = 256
"""Rows of a batch from which on a matrix is laid out for them."""
COPIED = 2**14
"""Elements of a matrix that a thread copies at a time."""


@dataclass(frozen=True)
class Blocks:
    """A matrix (inputs, columns), in blocks of columns or as it is, and the tiles that read it."""

    matrix: Buffer
    tiling: Tiling
    apart: int
    """Elements from a block of columns to the next one."""
    down: int
    """Elements from a row to the next one."""

    @classmethod
    def of(cls, at: Lowering, name: str, inputs: int, columns: int) -> Blocks:
        """Lay out a parameter for the few rows of a lane, which meet it again and again."""
        tiling = choose_even(LANE_ROWS, columns, at.target)
        return cls.laid_out(at, name, inputs, columns, tiling)

    @classmethod
    def for_rows(cls, at: Lowering, name: str, inputs: int, columns: int, *, rows: int) -> Blocks:
        """Lay out a parameter for `rows` of each sample; for few of them it stays as it is."""
        many = rows * at.batch_size >= MANY_ROWS
        tiling = _tiling(at, columns, many=many)
        if many and count_of(tiling) > 1:
            return cls.laid_out(at, name, inputs, columns, tiling)
        return cls.untouched(at, name, columns, tiling)

    @classmethod
    def untouched(cls, at: Lowering, name: str, columns: int, tiling: Tiling) -> Blocks:
        """Read a parameter as it is."""
        return cls(at.parameter(name), tiling, tiling.nv * tiling.width, columns)

    @classmethod
    def laid_out(cls, at: Lowering, name: str, inputs: int, columns: int, tiling: Tiling) -> Blocks:
        """Lay out a parameter."""
        block = tiling.nv * tiling.width
        matrix = at.prepared(
            name, "block_columns", shape=(count_of(tiling), inputs, block),
            sizes=(inputs, columns, block), parts=parts_of(inputs, step=max(1, COPIED // columns)),
        )  # fmt: skip
        return cls(matrix, tiling, inputs * block, block)

    @classmethod
    def turned(cls, at: Lowering, name: str, inputs: int, columns: int, *, rows: int = 0) -> Blocks:
        """Lay out the transposed matrix of a parameter (columns, inputs)."""
        tiling = _tiling(at, columns, many=rows * at.batch_size >= MANY_ROWS)
        block = tiling.nv * tiling.width
        step = max(tiling.width, COPIED // columns // tiling.width * tiling.width)
        matrix = at.prepared(
            name, "turn_blocks", variant=(tiling.width,), shape=(count_of(tiling), inputs, block),
            sizes=(columns, inputs, block), parts=parts_of(inputs, step=step),
        )  # fmt: skip
        return cls(matrix, tiling, inputs * block, block)

    @property
    def variant(self) -> tuple[int, ...]:
        """Give the compile-time part, as the kernels of recurrence take it."""
        tiling = self.tiling
        return tiling.width, tiling.mr, tiling.nv, tiling.nv_tail, tiling.masked

    @property
    def sizes(self) -> tuple[int, int]:
        """Give the full blocks, and the columns of the rest."""
        return self.tiling.blocks, self.tiling.columns


def count_of(tiling: Tiling) -> int:
    """Count the blocks of columns, one of the rest among them."""
    return tiling.blocks + (tiling.nv_tail > 0)


def _tiling(at: Lowering, columns: int, *, many: bool) -> Tiling:
    if many:
        return choose_blocks(LANE_ROWS, columns, at.target)
    return choose_even(LANE_ROWS, columns, at.target)

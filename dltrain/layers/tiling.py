"""How the rows and columns of a contraction are cut into register tiles, from sizes alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from dltrain.core.lowering import Target

MOST_ROWS = 14
MOST_VECTORS = 4


@dataclass(frozen=True)
class Tiling:
    """Full tiles of mr rows and nv vectors, then the literal rests."""

    width: int
    mr: int
    mr_tail: int
    nv: int
    nv_tail: int
    masked: int
    tiles: int
    """Full tiles along the rows."""
    blocks: int
    """Full blocks of nv vectors along the columns."""
    columns: int
    """Numbers in the last vector of the rest, where it is masked."""

    @property
    def variant(self) -> tuple[int, ...]:
        """Give the compile-time part, as the kernels of `contraction` take it."""
        return self.width, self.mr, self.mr_tail, self.nv, self.nv_tail, self.masked

    def parts(self, rows: int, most: int) -> tuple[tuple[int, int], ...]:
        """Cut rows into parts of whole tiles, `most` at most."""
        return _parts(rows, most, self.mr)

    def parts_across(self, columns: int, most: int) -> tuple[tuple[int, int], ...]:
        """Cut columns into parts of whole blocks, `most` at most."""
        return _parts(columns, most, self.nv * self.width)


def _parts(count: int, most: int, grain: int) -> tuple[tuple[int, int], ...]:
    step = -(-count // (most * grain)) * grain
    return tuple((first, min(first + step, count)) for first in range(0, count, step))


def choose(rows: int, columns: int, target: Target, *, paired: bool = False) -> Tiling:
    """Pick the tiling that takes the fewest estimated cycles for rows x columns results.

    In a `paired` one rows have vectors of their own to load, as in depthwise convolutions.
    """
    fitting = _fitting(rows, columns, target)
    return min(fitting, key=lambda tiling: (_cycles(tiling, paired), -tiling.nv, -tiling.mr))


def choose_even(rows: int, columns: int, target: Target) -> Tiling:
    """Pick a tiling whose rows divide `rows`, for a number of rows that only the run knows.

    Of equally quick ones the one with most rows: it reads the columns' operand least often.
    """
    fitting = [tiling for tiling in _fitting(rows, columns, target) if not tiling.mr_tail]
    return min(fitting, key=lambda tiling: (_cycles(tiling), -tiling.mr))


def choose_blocks(rows: int, columns: int, target: Target) -> Tiling:
    """Pick such a tiling for columns that lie block by block.

    Of equally quick ones the one with fewest numbers to load for a product.
    """
    fitting = [tiling for tiling in _fitting(rows, columns, target) if not tiling.mr_tail]
    return min(fitting, key=lambda tiling: (_cycles(tiling), 1 / tiling.mr + 1 / tiling.nv))


def choose_singly(rows: int, columns: int, target: Target) -> Tiling:
    """Pick the tiling that takes the fewest cycles where the rest is taken row by row."""
    fitting = _fitting(rows, columns, target)
    best = min(fitting, key=lambda tiling: (_cycles(tiling, singly=True), -tiling.nv, -tiling.mr))
    return replace(best, mr_tail=0)


def _fitting(rows: int, columns: int, target: Target) -> list[Tiling]:
    """Cut in every way whose accumulators and operands fit the registers."""
    return [
        _cut(rows, columns, mr, nv, target.width)
        for nv in range(1, MOST_VECTORS + 1)
        for mr in range(1, min(MOST_ROWS, rows) + 1)
        if mr * nv + nv + 1 <= target.registers
    ]


def _cut(rows: int, columns: int, mr: int, nv: int, width: int) -> Tiling:
    block = nv * width
    blocks = columns // block
    rest = columns - blocks * block
    last = rest % width
    return Tiling(
        width, mr, rows % mr, nv, ceil(rest / width), int(last > 0), rows // mr, blocks, last
    )  # fmt: skip


def _cycles(tiling: Tiling, paired: bool = False, *, singly: bool = False) -> float:
    """Estimate the cycles of one step of the sum over all tiles.

    Two fused multiply-adds or two loads start in a cycle; a result is ready after four.
    """
    total = 0.0
    rest = (1, tiling.mr_tail) if singly else (tiling.mr_tail, 1)
    for mr, down in ((tiling.mr, tiling.tiles), rest):
        for nv, across in ((tiling.nv, tiling.blocks), (tiling.nv_tail, 1)):
            if mr and nv and down:
                loads = mr * nv + nv if paired else mr + nv
                total += down * across * max(mr * nv / 2, loads / 2, 4.0)
    return total

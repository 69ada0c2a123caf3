"""Rows of a kernel's result that threads share, where a batch is a single sample."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.lowering import Lowering, Per
from dltrain.core.parts import parts_of

LEAST_WORK = 2**18
"""Multiply-adds from which on sharing saves more than the two meetings of all threads take."""
PARTS = 16
"""Parts at most, of as many threads as may be there."""


def is_worth_it(at: Lowering, work: int) -> bool:
    """Tell whether a batch is one sample, and `work` multiply-adds enough to share."""
    return at.batch_size == 1 and work >= LEAST_WORK


@dataclass(frozen=True)
class Sharing:
    """How a row of the table is split: by samples, or by the rows of its one sample's result."""

    per: Per = "sample"
    parts: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, at: Lowering, rows: int, work: int, *, unshared: Per = "sample") -> Sharing:
        """Share `rows` that take `work` multiply-adds, where that is worth it."""
        if rows == 1 or not is_worth_it(at, work):
            return cls(unshared)
        return cls("batch", parts_of(rows, step=-(-rows // PARTS)))

    @property
    def variant(self) -> tuple[int, ...]:
        """Give the end of a kernel's variant: nothing, or that it is shared."""
        return (1,) if self.parts else ()

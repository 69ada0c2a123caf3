"""Copies of parameters in another order, made at the head of each run."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Home, Row
from dltrain.core.parts import parts_of
from dltrain.core.shapes import Shape, size_of

PREPARED_BYTES = 64 * 1024
"""Bytes of a copy that a thread makes at a time, where its kernel does not say."""


@dataclass(frozen=True)
class Preparation:
    """What a layer asks for: equal ones of a parameter are made once."""

    kernel: str
    variant: tuple[int, ...]
    shape: Shape
    sizes: tuple[int, ...]
    parts: tuple[tuple[int, int], ...]
    scratch: Shape

    def row(self, parameter: Buffer) -> Row:
        """Give the row that makes the copy, its first result."""
        copy = Buffer(f"{parameter.name}/{self.kernel}", self.shape, Home.FIXED)
        room = (Buffer(f"{copy.name}/room", self.scratch, Home.THREAD),) if self.scratch else ()
        return Row(
            self.kernel,
            self.variant,
            (parameter,),
            (copy, *room),
            self.sizes,
            per="run",
            layer=parameter.name.rpartition("/")[0],
            parts=self.parts or self._by_rows(),
        )

    def _by_rows(self) -> tuple[tuple[int, int], ...]:
        count = size_of(self.shape[:-1])
        step = max(1, PREPARED_BYTES // (4 * self.shape[-1]))
        return parts_of(count, step=step)

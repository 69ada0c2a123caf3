"""Rows cut into phases: between two of them all threads meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dltrain.core.lowering import Row
from dltrain.engine.stages import Stage, group

Unit = tuple[int, int, int]
"""What one thread takes at a time: (row within the phase, first, last)."""


@dataclass(frozen=True)
class Phase:
    """Rows that run before all threads meet again: unit by unit, or lane by lane without units."""

    stages: list[Stage]
    units: list[Unit] = field(default_factory=list)

    @property
    def in_units(self) -> bool:
        """Tell whether threads take units of rows, not lanes."""
        return bool(self.units)

    @property
    def rows(self) -> list[Row]:
        """Give the rows in the order of the table."""
        return [row for stage in self.stages for row in stage.rows]

    @classmethod
    def in_parts(cls, rows: list[Row]) -> Phase:
        """Give a phase of rows that name the ranges threads take."""
        return cls.of(rows, [row.parts for row in rows])

    @classmethod
    def of(cls, rows: list[Row], ranges: Sequence[Sequence[tuple[int, int]]]) -> Phase:
        """Give a phase whose threads take the ranges [first, last) listed for each row."""
        units = [(index, *part) for index, parts in enumerate(ranges) for part in parts]
        return cls([Stage("lane", rows)], units)


def schedule(rows: list[Row]) -> list[Phase]:
    """Cut rows into phases that walk the lanes and phases of rows per batch.

    A row per batch waits until a later row needs what it leaves, or would change what it reads;
    then all that wait run between two walks over the lanes.
    """
    phases: list[Phase] = []
    walking: list[Row] = []
    waiting: list[Row] = []
    read: set[int] = set()
    written: set[int] = set()
    for row in rows:
        touched, left = _roots(row)
        if touched & written or left & read:
            phases += _phases(walking, waiting)
            walking, waiting, read, written = [], [], set(), set()
        if row.per == "batch":
            waiting.append(row)
            read |= touched
            written |= left
        else:
            walking.append(row)
    return phases + _phases(walking, waiting)


def _phases(walking: list[Row], waiting: list[Row]) -> list[Phase]:
    phases = [Phase(group(walking))] if walking else []
    return [*phases, Phase.in_parts(waiting)] if waiting else phases


def _roots(row: Row) -> tuple[set[int], set[int]]:
    """Give the memory that a row touches, and the part of it that it changes."""
    left = {id(buffer.root) for buffer in row.writes}
    return left | {id(buffer.root) for buffer in row.reads}, left

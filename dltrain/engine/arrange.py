"""What is done to rows before they are cut into phases: less is written, less is kept."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from dltrain.core.lowering import Buffer, Home, Row
from dltrain.engine.lower import Lowered
from dltrain.engine.schedule import Phase, schedule


def arrange(lowered: Lowered) -> list[Phase]:
    """Give the phases from a run's preparations to the last row of the backward pass."""
    rows = _recomputed(_padding_at_once(lowered.rows))
    return [*_by_levels(lowered.preparations), *schedule(rows)]


def _by_levels(preparations: list[Row]) -> list[Phase]:
    """Put preparations that read what others make behind those."""
    levels: dict[int, int] = {}
    phases: defaultdict[int, list[Row]] = defaultdict(list)
    for row in preparations:
        level = max((levels.get(id(buffer.root), 0) for buffer in row.reads), default=0)
        phases[level].append(row)
        levels |= {id(buffer.root): level + 1 for buffer in row.writes}
    return [Phase.in_parts(phases[level]) for level in sorted(phases)]


FORMS = {"pad": (), "pad_halves": (1,), "pair_pixels": (2,)}
"""Rows that copy an image, and the end of the variant by which other rows write it so at once."""


class _Uses:
    """Who reads and who writes the memory of each buffer, by the rows' numbers."""

    def __init__(self, rows: list[Row]) -> None:
        self.readers: defaultdict[int, list[int]] = defaultdict(list)
        self.writers: defaultdict[int, list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            for buffer in row.reads:
                self.readers[id(buffer.root)].append(number)
            for buffer in row.writes:
                self.writers[id(buffer.root)].append(number)

    def is_unchanged(self, row: Row, first: int, last: int) -> bool:
        """Tell whether all that a row reads is the same after row `first` as before row `last`."""
        roots = {id(buffer.root) for buffer in row.reads}
        return not any(first < writer < last for root in roots for writer in self.writers[root])

    def is_changed(self, buffer: Buffer, first: int, last: int) -> bool:
        """Tell whether a row between two others changes a buffer in place."""
        return any(first < writer < last for writer in self.writers[id(buffer.root)])


def _padding_at_once(rows: list[Row]) -> list[Row]:
    """Let rows that can write in other forms do the work of a copy behind them."""
    uses = _Uses(rows)
    made = {id(row.writes[0]): number for number, row in enumerate(rows) if row.pads}
    result = list(rows)
    for number, row in enumerate(rows):
        source = made.get(id(row.reads[0])) if row.kernel in FORMS else None
        if source is None or not uses.is_unchanged(rows[source], source, number):
            continue
        if uses.is_changed(row.reads[0], source, number):
            continue
        producer, readers = rows[source], uses.readers[id(row.reads[0].root)]
        if producer.cheap or all(rows[reader].kernel in FORMS for reader in readers):
            result[number] = replace(
                producer,
                variant=producer.variant + FORMS[row.kernel],
                writes=row.writes,
                sizes=row.sizes,
                cheap=False,
                pads=False,
                backward=row.backward,
            )
    return _without_unread(result)


def _without_unread(rows: list[Row]) -> list[Row]:
    """Leave out rows whose whole result is a value that nothing reads any more."""
    uses = _Uses(rows)

    def is_needed(row: Row) -> bool:
        root = row.writes[0].root
        # Who changes a value in place, as a bias' gradient does, reads it too.
        return root.batch_wide or bool(uses.readers[id(root)]) or len(uses.writers[id(root)]) > 1

    return [row for row in rows if not row.pads or is_needed(row)]


def _recomputed(rows: list[Row]) -> list[Row]:
    """Run cheap rows again in later phases that read their result, so that it need not be kept."""
    uses = _Uses(rows)
    phase_of = _phases_of(rows)
    before: defaultdict[int, list[Row]] = defaultdict(list)
    result = list(rows)
    for number, row in enumerate(rows):
        value = row.writes[0].root
        readers = uses.readers[id(value)]
        if not row.cheap or value.batch_wide or uses.writers[id(value)] != [number]:
            continue
        if any(rows[reader].per == "batch" for reader in readers):
            continue
        if not uses.is_unchanged(row, number, max(readers, default=number)):
            continue
        again: dict[int, Buffer] = {}
        for reader in readers:
            phase = phase_of[reader]
            if phase == phase_of[number]:
                continue
            if phase not in again:
                again[phase] = Buffer(value.name, value.shape, Home.SAMPLE, value.width)
                clone = replace(row, writes=(again[phase],), backward=rows[reader].backward)
                before[reader].append(clone)
            reads = tuple(_renamed(buffer, value, again[phase]) for buffer in result[reader].reads)
            result[reader] = replace(result[reader], reads=reads)
    return [each for number, row in enumerate(result) for each in (*before[number], row)]


def _renamed(buffer: Buffer, old: Buffer, new: Buffer) -> Buffer:
    """Give the same view of another buffer, where it is one of `old`."""
    if buffer.root is not old:
        return buffer
    return new if buffer is old else Buffer(buffer.name, buffer.shape, source=new)


def _phases_of(rows: list[Row]) -> list[int]:
    """Number the phase that each row falls into."""
    numbers = {id(row): number for number, phase in enumerate(schedule(rows)) for row in phase.rows}
    return [numbers[id(row)] for row in rows]

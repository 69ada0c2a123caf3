"""Running a program one row at a time, to look at what each row leaves."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dltrain.core.lowering import Buffer, Row
from dltrain.engine import executor

if TYPE_CHECKING:
    from dltrain.engine.program import Program
    from dltrain.engine.schedule import Phase

Stop = Callable[[Row, Buffer, NDArray[np.float32]], bool]


def trace(program: Program, batch: int, stop: Stop) -> Row | None:
    """Run preparations, lanes and rows per batch row by row; give the first that `stop` picks."""
    for index, first, last, lane in _calls(program, batch):
        row = program.rows[index]
        kernel, arguments = (int(word) for word in program.table.rows[index])
        executor.KERNEL(kernel)(arguments, first, last, lane, 0)
        for position, buffer in enumerate(row.writes, start=len(row.reads)):
            values = _values(program, index, position, buffer, (first, last, lane), batch)
            if stop(row, buffer, values):
                return row
    return None


def _calls(program: Program, batch: int) -> Iterator[tuple[int, int, int, int]]:
    base = 0
    for phase in program.walk:
        if phase.in_units:
            yield from ((base + row, first, last, 0) for row, first, last in phase.units)
        else:
            for lane in range(-(-batch // program.lane_size)):
                start, stop = lane * program.lane_size, (lane + 1) * program.lane_size
                yield from _lane_calls(phase, base, range(start, min(batch, stop)), lane)
        base += len(phase.rows)


def _lane_calls(
    phase: Phase, base: int, samples: range, lane: int
) -> Iterator[tuple[int, int, int, int]]:
    for stage in phase.stages:
        step = 1 if stage.block == "sample" else len(samples)
        for first in range(samples.start, samples.stop, step):
            for offset in range(len(stage.rows)):
                yield base + offset, first, first + step, lane
        base += len(stage.rows)


def _values(
    program: Program,
    index: int,
    position: int,
    buffer: Buffer,
    place: tuple[int, int, int],
    batch: int,
) -> NDArray[np.float32]:
    """Read what a row wrote to an operand, from the operand's own words in the table."""
    first, last, lane = place
    if program.rows[index].parts:  # what it writes belongs to no sample, or to all of them
        first, last = 0, batch
    start = (int(program.table.rows[index, 1]) - program.table.arguments.ctypes.data) // 8
    words = program.table.arguments[start + 4 * position : start + 4 * position + 4].tolist()
    address = words[0] + first * words[1] + lane * words[2]
    samples = last - first if words[1] else 1
    kind = ctypes.c_float * (samples * buffer.size * buffer.width // 4)
    values: NDArray[np.float32] = np.ctypeslib.as_array(kind.from_address(address))
    return values

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

Stop = Callable[[Row, Buffer, NDArray[np.float32]], bool]


def trace(program: Program, batch: int, stop: Stop) -> Row | None:
    """Run preparations and lanes row by row; give the first row that `stop` picks out."""
    for index, first, last, lane in _calls(program, batch):
        row = program.rows[index]
        kernel, arguments = (int(word) for word in program.table.rows[index])
        executor.KERNEL(kernel)(arguments, first, last, lane, 0)
        for position, buffer in enumerate(row.writes, start=len(row.reads)):
            values = _values(program, index, position, buffer, (first, last, lane))
            if stop(row, buffer, values):
                return row
    return None


def _calls(program: Program, batch: int) -> Iterator[tuple[int, int, int, int]]:
    for index, first, last in program.preparation_units:
        yield index, first, last, 0
    base = program.first_lane_row
    for lane in range(-(-batch // program.lane_size)):
        start, stop = lane * program.lane_size, min(batch, (lane + 1) * program.lane_size)
        row = base
        for stage in program.stages:
            step = 1 if stage.block == "sample" else stop - start
            for first in range(start, stop, step):
                for offset in range(len(stage.rows)):
                    yield row + offset, first, first + step, lane
            row += len(stage.rows)


def _values(
    program: Program, index: int, position: int, buffer: Buffer, place: tuple[int, int, int]
) -> NDArray[np.float32]:
    """Read what a row wrote to an operand, from the operand's own words in the table."""
    first, last, lane = place
    start = (int(program.table.rows[index, 1]) - program.table.arguments.ctypes.data) // 8
    words = program.table.arguments[start + 4 * position : start + 4 * position + 4].tolist()
    address = words[0] + first * words[1] + lane * words[2]
    samples = last - first if words[1] else 1
    kind = ctypes.c_float * (samples * buffer.size * buffer.width // 4)
    values: NDArray[np.float32] = np.ctypeslib.as_array(kind.from_address(address))
    return values

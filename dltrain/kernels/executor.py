"""The compiled loop that carries out a table on one thread of a team."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from dltrain.kernels.kernel import compile_cached, device
from dltrain.kernels.memory import add_atomically, call, call_clock, call_plain, read_atomically

COUNTER_BYTES = 128
"""From one phase's counters to the next: two cache lines."""
ARRIVED = 64
"""From a phase's ticket counter to its counter of threads that are done."""
SPINS = 2000
"""Looks at a barrier before the processor is offered to others."""
MONOTONIC = 6 if __import__("sys").platform == "darwin" else 1
"""CLOCK_MONOTONIC."""


@device
def wait(counter, threads, give_way):  # type: ignore[no-untyped-def]
    """Arrive at a barrier and wait for the other threads."""
    add_atomically(counter, 1)
    looks = 0
    while read_atomically(counter) < threads:
        looks += 1
        if looks > SPINS and give_way != 0:
            call_plain(give_way)


@device
def tick(clock, where, times, thread, row):  # type: ignore[no-untyped-def]
    """Book the time since the last tick on a row."""
    before = where[0] * 1000000000 + where[1]
    call_clock(clock, MONOTONIC, where.ctypes.data)
    times[thread, row] += where[0] * 1000000000 + where[1] - before


def run(  # type: ignore[no-untyped-def]  # noqa: C901, PLR0912, PLR0913
    thread, threads, batch, lane_size, phases, stages, rows, units, control, give_way, clock, times
):
    """Take part in all phases. See `execute` for the tables."""
    where = np.zeros(2, np.int64)
    if clock != 0:
        call_clock(clock, MONOTONIC, where.ctypes.data)
    idle = times.shape[1] - 1
    for p in range(phases.shape[0]):
        counter = control + p * COUNTER_BYTES
        in_lanes, begin, end = phases[p, 0] == 0, phases[p, 1], phases[p, 2]
        total = (batch + lane_size - 1) // lane_size if in_lanes else end - begin
        while True:
            ticket = add_atomically(counter, 1)
            if ticket >= total:
                break
            if in_lanes:
                start, stop = ticket * lane_size, min(batch, (ticket + 1) * lane_size)
                for s in range(begin, end):
                    step = stages[s, 2] if stages[s, 2] > 0 else stop - start
                    for n in range(start, stop, step):
                        for r in range(stages[s, 0], stages[s, 1]):
                            call(rows[r, 0], rows[r, 1], n, min(n + step, stop), ticket, thread)
                            if clock != 0:
                                tick(clock, where, times, thread, r)
            else:
                u = begin + ticket
                r = units[u, 0]
                call(rows[r, 0], rows[r, 1], units[u, 1], units[u, 2], 0, thread)
                if clock != 0:
                    tick(clock, where, times, thread, r)
        wait(counter + ARRIVED, threads, give_way)
        if clock != 0:
            tick(clock, where, times, thread, idle)


_compiled: list[Any] = []


def execute() -> Any:
    """Give the compiled `run(thread, threads, batch, lane_size, tables...)`.

    Tables, int64: phases (kind 0 lanes | 1 units, begin, end), stages (first row, last row + 1, samples
    of a block or 0 for the lane), rows (kernel address, argument address), units (row, first, last).
    `control` is the address of zeroed counters; `clock` 0 or the address of clock_gettime, `times`
    (threads, rows + 1) nanoseconds, the last column waiting.
    """
    if not _compiled:
        table = types.Array(types.int64, 2, "C")
        signature = types.void(
            *[types.int64] * 4, *[table] * 4, *[types.int64] * 3, table
        )
        _compiled.append(compile_cached(signature, run))
    return _compiled[0]

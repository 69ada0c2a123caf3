"""The loop that carries out a table on one thread of a team: a kernel that calls kernels."""

from __future__ import annotations

import sys

from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import (
    add_atomically,
    call,
    call_clock,
    call_plain,
    read_atomically,
    words,
)

COUNTER_BYTES = 128
"""From one phase's counters to the next: two cache lines."""
ARRIVED = 64
"""From a phase's ticket counter to its counter of threads that are done."""
SPINS = 2000
"""Looks at a barrier before the processor is offered to others."""
MONOTONIC = 6 if sys.platform == "darwin" else 1
"""CLOCK_MONOTONIC."""
NANOSECONDS = 1_000_000_000


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
def tick(clock, here, times, row):  # type: ignore[no-untyped-def]
    """Book the time since the last tick on a row. `here` is the address of seconds, nanoseconds."""
    now = words(here)
    before = now[0] * NANOSECONDS + now[1]
    call_clock(clock, MONOTONIC, here)
    words(times)[row] += now[0] * NANOSECONDS + now[1] - before


@device
def run_lane(lane, args, begin, end, clock, here, times, thread):  # type: ignore[no-untyped-def]
    """Take one lane through the stages [begin, end)."""
    batch, size = args[1], args[2]
    stages, rows = words(args[5]), words(args[6])
    start, stop = lane * size, smaller(batch, (lane + 1) * size)
    for s in range(begin, end):
        first_row, last_row, block = stages[3 * s], stages[3 * s + 1], stages[3 * s + 2]
        step = block if block > 0 else stop - start
        n = start
        while n < stop:
            for r in range(first_row, last_row):
                call(rows[2 * r], rows[2 * r + 1], n, smaller(n + step, stop), lane, thread)
                if clock != 0:
                    tick(clock, here, times, r)
            n += step


@kernel
def execute():  # type: ignore[no-untyped-def]
    """Take part in all phases of a program, as thread `thread`.

    Words: threads, batch, samples of a lane; address and number of the phases; addresses of stages,
    rows, units, counters (zero at first); addresses of `sched_yield` and, for a profile, of
    `clock_gettime`, or 0; address of the profile (a line of nanoseconds for each thread: rows,
    waiting, two words of its own) and the words of its lines. Tables of int64: phases (kind 0 lanes
    | 1 units, begin, end), stages (first row, last row + 1, samples of a block or 0 for the lane),
    rows (kernel address, argument address), units (row, first, last).
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        threads, give_way, clock, columns = args[0], args[9], args[10], args[12]
        phases, rows, units = words(args[3]), words(args[6]), words(args[7])
        times = args[11] + 8 * columns * thread
        here = times + 8 * (columns - 2)
        if clock != 0:
            call_clock(clock, MONOTONIC, here)
        for p in range(args[4]):
            counter = args[8] + p * COUNTER_BYTES
            in_lanes, begin, end = phases[3 * p] == 0, phases[3 * p + 1], phases[3 * p + 2]
            total = (args[1] + args[2] - 1) // args[2] if in_lanes else end - begin
            ticket = add_atomically(counter, 1)
            while ticket < total:
                if in_lanes:
                    run_lane(ticket, args, begin, end, clock, here, times, thread)
                else:
                    u = 3 * (begin + ticket)
                    r = units[u]
                    call(rows[2 * r], rows[2 * r + 1], units[u + 1], units[u + 2], 0, thread)
                    if clock != 0:
                        tick(clock, here, times, r)
                ticket = add_atomically(counter, 1)
            wait(counter + ARRIVED, threads, give_way)
            if clock != 0:
                tick(clock, here, times, columns - 3)

    return run

"""Buffers that share memory: whatever a row reads is what was last written for that sample."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.core.lowering import Buffer, Home, Per, Row
from dltrain.engine.memory import plan
from dltrain.engine.schedule import Phase, schedule
from dltrain.engine.table import Storage

SAMPLES = st.integers(1, 5)


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Draw rows that read what earlier ones wrote: new buffers, old ones, views of them."""
    known: list[Buffer] = []
    made = []
    for number in range(draw(st.integers(1, 14))):
        reads = tuple(draw(st.lists(st.sampled_from(known), max_size=3))) if known else ()
        if known and draw(st.integers(0, 3)) == 0:
            target = draw(st.sampled_from(known))
        else:
            target = Buffer(
                f"buffer {number}",
                (draw(st.integers(1, 70)),),
                draw(st.sampled_from([Home.SAMPLE] * 4 + [Home.LANE])),
                batch_wide=draw(st.integers(0, 4)) == 0,
            )
            known.append(target)
            if target.home is Home.SAMPLE:
                known.append(Buffer(target.name, (1, *target.shape), source=target))
        per: Per = draw(st.sampled_from(["sample", "lane", "any", "batch"]))
        parts = ((0, 1),) if per == "batch" else ()
        made.append(Row("kernel", (), reads, (target,), per=per, parts=parts))
    return made


@dataclass
class Machine:
    """Carries out rows as a thread does: they write marks, and read back those they should find."""

    storage: Storage
    marks: dict[tuple[int, int], float] = field(default_factory=dict)
    written: int = 0

    def run(self, phases: list[Phase], lanes: list[range]) -> None:
        for phase in phases:
            if phase.in_units:
                for row in phase.rows:
                    self._row(row, range(lanes[-1].stop), 0)
                continue
            for lane, samples in enumerate(lanes):
                self._walk(phase, lane, samples)

    def _walk(self, phase: Phase, lane: int, samples: range) -> None:
        for stage in phase.stages:
            step = 1 if stage.block == "sample" else len(samples)
            for first in range(samples.start, samples.stop, step):
                for row in stage.rows:
                    self._row(row, range(first, first + step), lane)

    def _row(self, row: Row, samples: range, lane: int) -> None:
        for buffer in row.reads:
            for key, values in self._copies(buffer, samples, lane):
                if key in self.marks:
                    np.testing.assert_array_equal(values, self.marks[key], err_msg=buffer.name)
        for buffer in row.writes:
            for key, values in self._copies(buffer, samples, lane):
                self.written += 1
                self.marks[key] = float(self.written)
                values[:] = self.marks[key]

    def _copies(
        self, buffer: Buffer, samples: range, lane: int
    ) -> Iterator[tuple[tuple[int, int], NDArray[np.float32]]]:
        """Give each sample's copy of a buffer, from the words that a kernel is given."""
        address, per_sample, per_lane, _ = self.storage.operand(buffer)
        root = buffer.root
        for sample in samples if root.home is Home.SAMPLE else [-1 - lane]:
            place = address + lane * per_lane + (sample * per_sample if sample >= 0 else 0)
            self._assert_inside(place, 4 * root.size)
            kind = ctypes.c_float * root.size
            yield (id(root), sample), np.ctypeslib.as_array(kind.from_address(place))

    def _assert_inside(self, place: int, size: int) -> None:
        storage = self.storage
        arenas = (storage.thread_arena, storage.batch_arena, storage.lane_arena)
        starts = [(arena.ctypes.data, arena.size) for arena in arenas]
        assert any(start <= place and place + size <= start + room for start, room in starts)
        assert (place - min(start for start, _ in starts)) % 4 == 0


@settings(max_examples=150, deadline=None)
@given(rows=rows(), lane_size=SAMPLES, lanes=st.integers(1, 3), missing=st.integers(0, 4))
def test_no_row_overwrites_what_a_later_one_reads(
    rows: list[Row], lane_size: int, lanes: int, missing: int
) -> None:
    phases = schedule(rows)
    batch = max(lane_size * lanes - missing, (lanes - 1) * lane_size + 1)
    placed = plan(phases, lane_size=lane_size, batch_size=batch, external=())
    machine = Machine(Storage(placed, 1, lanes, lane_size))
    starts = range(0, batch, lane_size)
    machine.run(phases, [range(start, min(start + lane_size, batch)) for start in starts])


def test_buffers_that_live_one_after_another_share_memory() -> None:
    buffers = [Buffer(f"layer {number}", (1000,)) for number in range(9)]
    chain = [
        Row("kernel", (), (before,), (after,), per="sample") for before, after in pairwise(buffers)
    ]
    placed = plan(schedule(chain), lane_size=4, batch_size=4, external=(buffers[0],))
    assert placed.thread_bytes < 3 * 5000
    assert id(buffers[0]) not in placed.places


def test_a_buffer_used_within_one_stage_holds_a_sample_and_across_stages_a_lane() -> None:
    inner, outer, wide = (Buffer(name, (100,)) for name in ("inner", "outer", "wide"))
    wide.batch_wide = True
    chain = [
        Row("kernel", (), (), (inner,), per="sample"),
        Row("kernel", (), (inner,), (outer,), per="sample"),
        Row("kernel", (), (outer,), (wide,), per="lane"),
    ]
    places = plan(schedule(chain), lane_size=8, batch_size=64, external=()).places
    found = [places[id(buffer)] for buffer in (inner, outer, wide)]
    scopes = [(place.scope, place.sample_stride) for place in found]
    assert scopes == [("block", 0), ("lane", 400), ("batch", 400)]


def test_threads_have_arenas_of_their_own() -> None:
    buffer = Buffer("value", (10,))
    rows = [Row("kernel", (), (), (buffer,), per="lane")]
    placed = plan(schedule(rows), lane_size=3, batch_size=9, external=())
    storage = Storage(placed, 2, 3, 3)
    address, per_sample, per_lane, per_thread = storage.operand(buffer)
    assert per_sample * 3 + per_lane == 0, "every lane lies at the arena's start"
    assert per_thread >= placed.thread_bytes
    assert address + per_thread + placed.thread_bytes <= (
        storage.thread_arena.ctypes.data + storage.thread_arena.size
    )

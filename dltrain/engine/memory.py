"""Where buffers lie: one arena of each thread, shared by buffers that live at different times."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Home, Row
from dltrain.engine.arrays import SLACK, rounded
from dltrain.engine.lifetimes import Lifetime, lifetimes
from dltrain.engine.schedule import Phase


@dataclass(frozen=True)
class Placed:
    """A buffer's place: offset in its arena and how far apart samples lie."""

    scope: str
    offset: int
    sample_stride: int


@dataclass(frozen=True)
class MemoryPlan:
    """The places of all buffers and the sizes of what holds them, in bytes."""

    places: dict[int, Placed]
    thread_bytes: int
    batch_bytes: int
    lane_bytes: int
    lane_places: dict[int, int]
    batch_external: tuple[Buffer, ...]

    @property
    def thread_stride(self) -> int:
        """How far apart the arenas of two threads lie."""
        # Different threads must not share cache lines, nor pages' low bits.
        return -(-self.thread_bytes // 4096) * 4096 + 256

    def bytes_of(self, *, threads: int, lanes: int) -> int:
        """Give the size of all arenas."""
        return self.thread_stride * threads + self.batch_bytes + self.lane_bytes * lanes


def plan(
    phases: list[Phase], *, lane_size: int, batch_size: int, external: tuple[Buffer, ...]
) -> MemoryPlan:
    """Place every buffer of the rows; `external` ones are given by the caller at each run."""
    outside = {id(buffer.root) for buffer in external}
    places: dict[int, Placed] = {}
    live = [life for life in lifetimes(phases) if id(life.buffer) not in outside]
    wide = [life for life in live if life.scope == "batch"]
    batch = _pack(wide, batch_size, places)
    arena = _pack([life for life in live if life.scope != "batch"], lane_size, places)
    lane_places, lane_bytes = _lane_buffers([row for phase in phases for row in phase.rows])
    return MemoryPlan(places, arena, batch, lane_bytes, lane_places, external)


def _pack(live: list[Lifetime], samples: int, places: dict[int, Placed]) -> int:
    """Give every buffer the lowest place that none alive with it covers, the largest first."""
    taken: list[tuple[int, int, Lifetime]] = []
    top = 0
    for life in sorted(live, key=lambda life: -_bytes(life, samples)):
        need = rounded(_bytes(life, samples)) + SLACK
        offset = 0
        for start, end, other in taken:
            alive = other.first <= life.last and life.first <= other.last
            if alive and start < offset + need and offset < end:
                offset = end
        insort(taken, (offset, offset + need, life), key=lambda item: item[0])
        top = max(top, offset + need)
        stride = 0 if life.scope == "block" else life.buffer.size * life.buffer.width
        places[id(life.buffer)] = Placed(life.scope, offset, stride)
    return top


def _bytes(life: Lifetime, samples: int) -> int:
    each = life.buffer.size * life.buffer.width
    # Beside a last odd row of bfloat16 another one of zeros makes words of two.
    odd = samples % 2 if life.buffer.width == 2 else 0
    return each if life.scope == "block" else each * (samples + odd)


def _lane_buffers(rows: list[Row]) -> tuple[dict[int, int], int]:
    """Lay gradients and totals of a lane side by side."""
    places: dict[int, int] = {}
    position = 0
    for row in rows:
        for buffer in (*row.reads, *row.writes):
            if buffer.root.home is Home.LANE and id(buffer.root) not in places:
                places[id(buffer.root)] = position
                position += rounded(buffer.root.size * buffer.root.width)
    return places, position + SLACK

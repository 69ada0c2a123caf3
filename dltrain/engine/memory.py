"""Where buffers lie: one arena of each thread, shared by buffers that live at different times."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Home, Row
from dltrain.engine.arrays import SLACK, rounded
from dltrain.engine.stages import Lifetime, Stage, lifetimes


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


def plan(
    stages: list[Stage], *, lane_size: int, batch_size: int, external: tuple[Buffer, ...]
) -> MemoryPlan:
    """Place every buffer of the rows; `external` ones are given by the caller at each run."""
    outside = {id(buffer.root) for buffer in external}
    places: dict[int, Placed] = {}
    live = [life for life in lifetimes(stages) if id(life.buffer) not in outside]
    batch = 0
    for life in live:
        if life.scope == "batch":
            size = life.buffer.size * life.buffer.width
            places[id(life.buffer)] = Placed("batch", batch, size)
            batch += rounded(size * batch_size) + SLACK
    arena = _pack([life for life in live if life.scope != "batch"], lane_size, places)
    lane_places, lane_bytes = _lane_buffers([row for stage in stages for row in stage.rows])
    return MemoryPlan(places, arena, batch, lane_bytes, lane_places, external)


def _pack(live: list[Lifetime], lane_size: int, places: dict[int, Placed]) -> int:
    """Give every buffer the lowest place that none alive with it covers, the largest first."""
    taken: list[tuple[Lifetime, int, int]] = []
    top = 0
    for life in sorted(live, key=lambda life: -_bytes(life, lane_size)):
        need = rounded(_bytes(life, lane_size)) + SLACK
        offset = 0
        for other, start, end in sorted(taken, key=lambda item: item[1]):
            alive = other.first <= life.last and life.first <= other.last
            if alive and start < offset + need and offset < end:
                offset = end
        taken.append((life, offset, offset + need))
        top = max(top, offset + need)
        stride = life.buffer.size * life.buffer.width if life.scope == "lane" else 0
        places[id(life.buffer)] = Placed(life.scope, offset, stride)
    return top


def _bytes(life: Lifetime, lane_size: int) -> int:
    return life.buffer.size * life.buffer.width * (lane_size if life.scope == "lane" else 1)


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

"""When buffers are in use, and how many samples they must hold meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dltrain.core.lowering import Buffer, Home
from dltrain.engine.schedule import Phase
from dltrain.engine.stages import Block

Scope = Literal["block", "lane", "batch"]


@dataclass
class Lifetime:
    """When a buffer's memory is in use, in row numbers, and how many samples it holds."""

    buffer: Buffer
    scope: Scope
    first: int
    last: int


@dataclass(frozen=True)
class _Use:
    """A row that reads or writes a buffer, with the stage and the phase around it."""

    phase: int
    in_units: bool
    stage: int
    block: Block
    row: int


def lifetimes(phases: list[Phase]) -> list[Lifetime]:
    """Find how long every buffer of samples or threads lives, and how much of a batch it must hold.

    Used within one stage, it holds that stage's block; used across stages, a lane; used across
    phases, or by rows per batch, all of the batch. Beyond one stage it lives for the whole of its
    first and last stage or phase, since threads walk over those at a pace of their own.
    """
    uses: dict[int, list[_Use]] = {}
    buffers: dict[int, Buffer] = {}
    phase_spans: list[tuple[int, int]] = []
    stage_spans: list[tuple[int, int]] = []
    number = 0
    for index, phase in enumerate(phases):
        start = number
        for stage in phase.stages:
            stage_spans.append((number, number + len(stage.rows) - 1))
            for row in stage.rows:
                use = _Use(index, phase.in_units, len(stage_spans) - 1, stage.block, number)
                for root in _placed_roots((*row.reads, *row.writes)):
                    buffers[id(root)] = root
                    uses.setdefault(id(root), []).append(use)
                number += 1
        phase_spans.append((start, number - 1))
    return [_lifetime(buffers[key], used, stage_spans, phase_spans) for key, used in uses.items()]


def _placed_roots(buffers: tuple[Buffer, ...]) -> Iterator[Buffer]:
    homes = (Home.SAMPLE, Home.THREAD)
    return (buffer.root for buffer in buffers if buffer.root.home in homes)


def _lifetime(
    buffer: Buffer,
    used: list[_Use],
    stage_spans: list[tuple[int, int]],
    phase_spans: list[tuple[int, int]],
) -> Lifetime:
    first, last = used[0], used[-1]
    if buffer.home is Home.THREAD:
        return Lifetime(buffer, "block", first.row, last.row)
    if buffer.batch_wide:
        return Lifetime(buffer, "batch", 0, phase_spans[-1][1])
    if first.phase != last.phase or any(use.in_units for use in used):
        return Lifetime(buffer, "batch", phase_spans[first.phase][0], phase_spans[last.phase][1])
    if first.stage != last.stage:
        return Lifetime(buffer, "lane", stage_spans[first.stage][0], stage_spans[last.stage][1])
    scope: Scope = "block" if first.block == "sample" else "lane"
    return Lifetime(buffer, scope, first.row, last.row)

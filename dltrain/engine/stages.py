"""Rows in groups that walk a lane alike: sample by sample, or the whole lane at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dltrain.core.lowering import Buffer, Home, Row

Block = Literal["sample", "lane"]
Scope = Literal["block", "lane", "batch"]


@dataclass
class Stage:
    """Neighbouring rows that run together for each block of samples."""

    block: Block
    rows: list[Row]


def group(rows: list[Row]) -> list[Stage]:
    """Cut rows into stages; rows that do not mind join their neighbours."""
    stages: list[Stage] = []
    waiting: list[Row] = []
    for row in rows:
        if row.per == "any":
            (stages[-1].rows if stages else waiting).append(row)
        elif stages and stages[-1].block == row.per:
            stages[-1].rows.append(row)
        else:
            block: Block = "sample" if row.per == "sample" else "lane"
            stages.append(Stage(block, [*waiting, row]))
            waiting = []
    if waiting:
        stages.append(Stage("lane", waiting))
    return stages


@dataclass
class Lifetime:
    """When a buffer's memory is in use, in row numbers, and how many samples it holds."""

    buffer: Buffer
    scope: Scope
    first: int
    last: int


def lifetimes(stages: list[Stage]) -> list[Lifetime]:
    """Find how long every per-sample buffer lives, and how much of a batch it must hold.

    Used within one stage, it holds that stage's block; used across stages, a lane, and then for the
    whole of its first and last stage, since those walk over the lane's samples.
    """
    uses: dict[int, list[tuple[int, int]]] = {}
    buffers: dict[int, Buffer] = {}
    spans: list[tuple[int, int]] = []
    number = 0
    for index, stage in enumerate(stages):
        spans.append((number, number + len(stage.rows) - 1))
        for row in stage.rows:
            for buffer in (*row.reads, *row.writes):
                root = buffer.root
                if root.home is Home.SAMPLE:
                    buffers[id(root)] = root
                    uses.setdefault(id(root), []).append((index, number))
            number += 1
    return [_lifetime(buffers[key], used, spans, stages) for key, used in uses.items()]


def _lifetime(
    buffer: Buffer, used: list[tuple[int, int]], spans: list[tuple[int, int]], stages: list[Stage]
) -> Lifetime:
    first, last = used[0], used[-1]
    if buffer.batch_wide:
        return Lifetime(buffer, "batch", spans[0][0], spans[-1][1])
    if first[0] == last[0]:
        scope: Scope = "block" if stages[first[0]].block == "sample" else "lane"
        return Lifetime(buffer, scope, first[1], last[1])
    return Lifetime(buffer, "lane", spans[first[0]][0], spans[last[0]][1])

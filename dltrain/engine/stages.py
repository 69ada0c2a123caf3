"""Rows in groups that walk a lane alike: sample by sample, or the whole lane at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dltrain.core.lowering import Row

Block = Literal["sample", "lane"]


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

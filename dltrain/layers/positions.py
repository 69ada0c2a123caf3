"""Rows that write waves of positions, and turn vectors by them."""

from __future__ import annotations

from math import cos, sin

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.parts import parts_of

WRITTEN = 2**14
"""Numbers of a table of waves that a thread writes at a time, about."""


def wave_table(at: Lowering, positions: int, features: int) -> Buffer:
    """Give the array of the waves of a layer, the same for both passes."""
    return at.shared("positions", (positions, features))


def write_waves(at: Lowering, table: Buffer, longest: float, *, alternating: bool) -> None:
    """Write the row that fills a table of waves at the head of each run.

    Wave i turns by longest ** (-2 i / features) from one position to the next. A sine is followed
    by its cosine where they are `alternating`, else all sines come first.
    """
    positions, features = table.shape
    waves = -(-features // 2)
    angles = [longest ** (-2 * wave / features) for wave in range(waves)]
    at.row(
        "position_waves",
        writes=(table,),
        sizes=(positions, features, *((2, 1) if alternating else (1, waves))),
        numbers=tuple(part(angle) for angle in angles for part in (cos, sin)),
        per="run",
        parts=parts_of(waves, step=max(1, WRITTEN // positions)),
    )


def write_rotation(at: Lowering, waves: Buffer, x: Buffer, *, back: bool = False) -> None:
    """Write the row that turns the vectors of all heads in place, by the angles of their steps."""
    features = waves.shape[1]
    at.row(
        "rotate_pairs",
        variant=(int(back),),
        reads=(waves,),
        writes=(x,),
        sizes=(x.shape[0], x.shape[1] // features, features // 2),
    )

"""Work cut into ranges that threads take one at a time."""

from __future__ import annotations

MOST_PARTS = 1024
"""Ranges at most, so that a layer beyond all memory is still described in a moment."""


def parts_of(count: int, *, step: int = 1) -> tuple[tuple[int, int], ...]:
    """Cut [0, count) into ranges of `step`, longer ones where there would be too many."""
    step = max(step, -(-count // MOST_PARTS))
    return tuple((at, min(at + step, count)) for at in range(0, count, step))

"""What a schedule is: the learning rate as a function of the step."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.component import Component


class Schedule(Component):
    """A learning rate that changes over a training."""

    kind: ClassVar[str] = "schedule"
    package: ClassVar[str] = "dltrain.schedules"

    def value(self, step: int, total: int) -> float:
        """Give the learning rate of the update after `step` updates, of `total` in all."""
        raise NotImplementedError


def warmed_up(step: int, steps: int) -> float:
    """Give the factor of a linear warm-up over `steps` updates; the last of them has 1."""
    return min((step + 1) / steps, 1.0) if steps else 1.0


def progress(step: int, *, start: int, steps: int) -> float:
    """Give how far `step` is between `start` (0.0) and `start + steps` (1.0)."""
    return min(max((step - start) / max(steps, 1), 0.0), 1.0)

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

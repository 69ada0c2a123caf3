"""The same learning rate throughout."""

from __future__ import annotations

from dltrain.core.fields import Count, PositiveNumber
from dltrain.schedules.base import Schedule, warmed_up


class Constant(Schedule):
    """The same learning rate throughout, after a warm-up if wanted."""

    initial: PositiveNumber
    """The learning rate."""
    warmup_steps: Count = 0
    """Updates over which the rate first rises to `initial`."""

    def value(self, step: int, total: int) -> float:
        """Give the learning rate after `step` of `total` updates."""
        return self.initial * warmed_up(step, self.warmup_steps)

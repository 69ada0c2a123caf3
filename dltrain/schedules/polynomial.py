"""A learning rate that falls along a straight line, or a power of it."""

from __future__ import annotations

from dltrain.core.fields import Count, NonNegative, PositiveInteger, PositiveNumber
from dltrain.schedules.base import Schedule, progress, warmed_up


class Polynomial(Schedule):
    """Rise over the warm-up, then fall to `minimum` along (1 - progress) ** power."""

    initial: PositiveNumber
    """Learning rate at its highest."""
    warmup_steps: Count = 0
    """Updates over which the rate first rises to `initial`."""
    minimum: NonNegative = 0.0
    """Learning rate at the end."""
    power: PositiveNumber = 1.0
    """1 is a straight line."""
    steps: PositiveInteger | None = None
    """Updates from the end of the warm-up to the end; default: all of the training."""

    def value(self, step: int, total: int) -> float:
        """Give the learning rate after `step` of `total` updates."""
        length = self.steps or total - self.warmup_steps
        done = progress(step, start=self.warmup_steps, steps=length)
        height: float = (1.0 - done) ** self.power
        rate = self.minimum + (self.initial - self.minimum) * height
        return rate * warmed_up(step, self.warmup_steps)

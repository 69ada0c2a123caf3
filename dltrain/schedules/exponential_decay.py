"""A learning rate that falls by the same factor in equal times."""

from __future__ import annotations

from dltrain.core.fields import Count, Flag, PositiveInteger, PositiveNumber
from dltrain.schedules.base import Schedule, warmed_up


class ExponentialDecay(Schedule):
    """The initial rate times decay_rate ** (step / decay_steps)."""

    initial: PositiveNumber
    """Learning rate at its highest."""
    warmup_steps: Count = 0
    """Updates over which the rate first rises to `initial`."""
    decay_rate: PositiveNumber
    """Factor over `decay_steps` updates."""
    decay_steps: PositiveInteger | None = None
    """Updates that take the factor once; default: all of the training."""
    staircase: Flag = False
    """Fall in steps, each of `decay_steps` updates."""

    def value(self, step: int, total: int) -> float:
        """Give the learning rate after `step` of `total` updates."""
        times = step / (self.decay_steps or max(total, 1))
        decayed = self.decay_rate ** (float(int(times)) if self.staircase else times)
        return float(self.initial * decayed * warmed_up(step, self.warmup_steps))

"""A learning rate that falls along half a wave."""

from __future__ import annotations

from math import cos, pi

from dltrain.core.fields import Count, NonNegative, PositiveInteger, PositiveNumber
from dltrain.schedules.base import Schedule, progress, warmed_up


class Cosine(Schedule):
    """Rise over the warm-up, then fall to `minimum` along half a cosine wave.

    Source: Loshchilov, Hutter 2016, arXiv:1608.03983.
    """

    initial: PositiveNumber
    """Learning rate at its highest."""
    warmup_steps: Count = 0
    """Updates over which the rate first rises to `initial`."""
    minimum: NonNegative = 0.0
    """Learning rate at the end."""
    steps: PositiveInteger | None = None
    """Updates from the end of the warm-up to the end; default: all of the training."""

    def value(self, step: int, total: int) -> float:
        """Give the learning rate after `step` of `total` updates."""
        length = self.steps or total - self.warmup_steps
        done = progress(step, start=self.warmup_steps, steps=length)
        height = 0.5 + 0.5 * cos(pi * done)
        rate = self.minimum + (self.initial - self.minimum) * height
        return rate * warmed_up(step, self.warmup_steps)

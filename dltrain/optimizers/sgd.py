"""Stochastic gradient descent."""

from __future__ import annotations

from dltrain.core.fields import Flag, PositiveNumber, Share
from dltrain.optimizers.base import Optimizer
from dltrain.schedules.base import Schedule


class Sgd(Optimizer):
    """Steps against the gradient, with momentum if wanted."""

    learning_rate: PositiveNumber | Schedule = 1e-2
    """Size of a step: a number, or a schedule over the training."""
    momentum: Share = 0.0
    """Share of the last step that is taken again."""
    nesterov: Flag = False
    """Look ahead: take the momentum of the step after this one. Without momentum: no effect."""

    def variant(self) -> tuple[int, ...]:
        """Give the compile-time switches of the kernel."""
        return int(self.momentum > 0), int(self.nesterov)

    def slots(self) -> tuple[str, ...]:
        """Name the last step, where there is momentum."""
        return ("momentum",) if self.momentum else ()

    def numbers(self, step: int, learning_rate: float) -> tuple[float, ...]:
        """Give the rate and the momentum."""
        return learning_rate, self.momentum

"""What an optimizer is: the rule that turns a gradient into an update."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.component import Component
from dltrain.core.fields import PositiveNumber
from dltrain.schedules.base import Schedule


class Optimizer(Component):
    """A rule of update, elementwise over all trainable parameters.

    Its kernel `<name>_step` has the operands (cells, gradient, parameter, *slots), works on
    elements [first, last) and reads `numbers()` from the cells at `cells.OPTIMIZER`.
    """

    kind: ClassVar[str] = "optimizer"
    package: ClassVar[str] = "dltrain.optimizers"

    learning_rate: PositiveNumber | Schedule = 1e-3
    """Size of a step: a number, or a schedule over the training."""

    def rate(self, step: int, total: int) -> float:
        """Give the learning rate after `step` of `total` updates."""
        if isinstance(self.learning_rate, Schedule):
            return self.learning_rate.value(step, total)
        return self.learning_rate

    def variant(self) -> tuple[int, ...]:
        """Give the compile-time switches of the kernel."""
        return ()

    def slots(self) -> tuple[str, ...]:
        """Name the arrays, shaped like the parameters, that the rule remembers; zero at first."""
        raise NotImplementedError

    def numbers(self, step: int, learning_rate: float) -> tuple[float, ...]:
        """Give the values that the kernel reads in the update after `step` updates (float64)."""
        raise NotImplementedError

"""Adam with weight decay beside the gradient."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Flag, NonNegative, PositiveNumber, Share
from dltrain.optimizers.adam import adam_slots, corrected_rate
from dltrain.optimizers.base import Optimizer


class AdamW(Optimizer):
    """Adam; before each step every parameter shrinks by learning_rate * weight_decay.

    Source: Loshchilov, Hutter 2017, arXiv:1711.05101.
    """

    type_name: ClassVar[str] = "adamw"

    weight_decay: NonNegative = 0.004
    """Share of a parameter that is taken off, times the learning rate."""
    beta_1: Share = 0.9
    """Share of the mean gradient that each step keeps."""
    beta_2: Share = 0.999
    """Share of the mean squared gradient that each step keeps."""
    epsilon: PositiveNumber = 1e-7
    """Added to the root of the mean square."""
    amsgrad: Flag = False
    """Divide by the largest mean square so far."""

    def variant(self) -> tuple[int, ...]:
        """Give the compile-time switch of the kernel."""
        return (int(self.amsgrad),)

    def slots(self) -> tuple[str, ...]:
        """Name the means, and the largest mean square where it is kept."""
        return adam_slots(self.amsgrad)

    def numbers(self, step: int, learning_rate: float) -> tuple[float, ...]:
        """Give the rate with both bias corrections, the constants, and the share that decays."""
        rate = corrected_rate(learning_rate, step, self.beta_1, self.beta_2)
        decay = learning_rate * self.weight_decay
        return rate, 1 - self.beta_1, 1 - self.beta_2, self.epsilon, decay

"""Adam: steps scaled by running means of the gradient and of its square."""

from __future__ import annotations

from dltrain.core.fields import Flag, PositiveNumber, Share
from dltrain.optimizers.base import Optimizer


class Adam(Optimizer):
    """Steps of about the learning rate, whatever the size of the gradient.

    Source: Kingma, Ba 2014, arXiv:1412.6980; epsilon is added to the root before bias correction,
    as in Keras.
    """

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
        """Give the rate with both bias corrections, and the constants."""
        rate = corrected_rate(learning_rate, step, self.beta_1, self.beta_2)
        return rate, 1 - self.beta_1, 1 - self.beta_2, self.epsilon, 0.0


def adam_slots(amsgrad: bool) -> tuple[str, ...]:
    """Name the arrays that Adam and its like remember."""
    largest = ("largest_velocity",) if amsgrad else ()
    return ("momentum", "velocity", *largest)


def corrected_rate(learning_rate: float, step: int, beta_1: float, beta_2: float) -> float:
    """Correct the rate for means that started at 0, in the update after `step` updates."""
    count = step + 1
    return float(learning_rate * (1 - beta_2**count) ** 0.5 / (1 - beta_1**count))

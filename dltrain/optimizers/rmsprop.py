"""Steps scaled by a running mean of the squared gradient."""

from __future__ import annotations

from dltrain.core.fields import Flag, PositiveNumber, Share
from dltrain.optimizers.base import Optimizer


class Rmsprop(Optimizer):
    """The gradient divided by the root of its running mean square.

    Source: Hinton 2012, Neural Networks for Machine Learning, lecture 6e; epsilon is added inside
    the root, as in Keras.
    """

    rho: Share = 0.9
    """Share of the mean square that each step keeps."""
    momentum: Share = 0.0
    """Share of the last step that is taken again."""
    epsilon: PositiveNumber = 1e-7
    """Added to the mean square."""
    centered: Flag = False
    """Subtract the squared mean gradient: divide by the standard deviation."""

    def variant(self) -> tuple[int, ...]:
        """Give the compile-time switches of the kernel."""
        return int(self.momentum > 0), int(self.centered)

    def slots(self) -> tuple[str, ...]:
        """Name the mean square, the last step and the mean gradient, where they are kept."""
        momentum = ("momentum",) if self.momentum else ()
        centre = ("average_gradient",) if self.centered else ()
        return ("velocity", *momentum, *centre)

    def numbers(self, step: int, learning_rate: float) -> tuple[float, ...]:
        """Give the rate and the constants."""
        return learning_rate, self.rho, self.momentum, self.epsilon

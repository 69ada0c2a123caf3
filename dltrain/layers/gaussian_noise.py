"""The layer that adds noise while a network trains."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import NonNegative
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer
from dltrain.layers.passing import pass_gradient


class GaussianNoise(Layer):
    """Add a number drawn from the normal distribution of mean 0 to every number while training.

    What is added is a function of the run's seed, the layer, the step, the sample's place in its
    batch and the element, and so the same for any number of threads. Elsewhere the input passes as
    it is.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True

    stddev: NonNegative
    """Standard deviation of what is added."""

    def is_alias(self, *, training: bool) -> bool:
        """Pass the input on outside of training."""
        return not training or self.stddev == 0

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def forward(self, at: Lowering) -> None:
        """Write the row of y = x + noise."""
        at.row(
            "gaussian_noise_forward",
            reads=(at.inputs[0], at.cells),
            writes=(at.output,),
            sizes=(at.output.size, at.seed()),
            numbers=(self.stddev,),
        )

    def backward(self, at: Lowering) -> None:
        """Pass the gradient on."""
        pass_gradient(at)

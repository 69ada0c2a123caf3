"""The layer that leaves out whole samples at random while a network trains."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Share
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers import masks
from dltrain.layers.base import Layer


class StochasticDepth(Layer):
    """Set a share of the samples to zero while training, and scale up the others instead.

    It stands last among the layers of a residual block: of a sample that is left out only the
    shortcut goes on, as if the block were not there. What is left out is a function of the run's
    seed, the layer, the step and the sample's place in its batch. Elsewhere the input passes as it
    is.
    Source: Huang and others 2016, arXiv:1603.09382, eq. 2; scaled at training instead of inference.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True

    rate: Share
    """Share of the samples to set to zero; deeper blocks usually have a larger one."""

    def is_alias(self, *, training: bool) -> bool:
        """Pass the input on outside of training."""
        return not training or self.rate == 0

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def forward(self, at: Lowering) -> None:
        """Write the rows of y, x or 0."""
        masks.write_forward(at, 1, self.rate)

    def backward(self, at: Lowering) -> None:
        """Write the rows of dx, dy or 0."""
        masks.write_backward(at, 1, self.rate)

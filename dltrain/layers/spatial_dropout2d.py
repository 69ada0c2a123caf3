"""The layer that leaves out whole channels at random while a network trains."""

from __future__ import annotations

from dltrain.core.fields import Share
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers import masks
from dltrain.layers.base import Layer, require


class SpatialDropout2D(Layer):
    """Set a share of the channels to zero while training, and scale up the others instead.

    Neighbouring pixels of a channel are much alike, so that leaving out some of them leaves out
    little. What is left out is a function of the run's seed, the layer, the step, the sample's
    place in its batch and the channel. Elsewhere the input passes as it is.
    Shapes: x, y (height, width, channels).
    Source: Tompson and others 2015, arXiv:1411.4280, section 3.2.
    """

    rate: Share
    """Share of the channels to set to zero."""

    def is_alias(self, *, training: bool) -> bool:
        """Pass the input on outside of training."""
        return not training or self.rate == 0

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        require(inputs[0], (3,), self, hint="use dropout, which leaves out single numbers")
        return inputs[0]

    def forward(self, at: Lowering) -> None:
        """Write the rows of y = x * mask."""
        masks.write_forward(at, at.output.shape[-1], self.rate)

    def backward(self, at: Lowering) -> None:
        """Write the rows of dx = dy * mask."""
        masks.write_backward(at, at.output.shape[-1], self.rate)

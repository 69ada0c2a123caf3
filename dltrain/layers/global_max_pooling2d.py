"""Max pooling over whole images."""

from __future__ import annotations

from dltrain.core.fields import Flag
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.pooling import Pooling, whole_output


class GlobalMaxPooling2D(Layer):
    """Keep the largest number of each channel over the whole image.

    Shapes: x (height, width, channels); y (channels,).
    Kept for backward: the place of each y.
    """

    keepdims: Flag = False
    """Whether y is an image of one pixel, (1, 1, channels)."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Leave one number for each channel."""
        require(inputs[0], (3,), self)
        return whole_output(inputs[0], keepdims=self.keepdims)

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        Pooling.whole(at.inputs[0].shape).max_forward(at)

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        Pooling.whole(at.inputs[0].shape).max_backward(at)

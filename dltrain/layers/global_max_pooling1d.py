"""Max pooling over whole sequences."""

from __future__ import annotations

from dltrain.core.fields import Flag
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.pooling import Pooling, whole_output


class GlobalMaxPooling1D(Layer):
    """Keep the largest number of each feature over the whole sequence.

    Shapes: x (time, features); y (features,).
    Kept for backward: the place of each y.
    """

    keepdims: Flag = False
    """Whether y is a sequence of one step, (1, features)."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Leave one number for each feature."""
        require(inputs[0], (2,), self)
        return whole_output(inputs[0], keepdims=self.keepdims)

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        Pooling.whole(at.inputs[0].shape).max_forward(at)

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        Pooling.whole(at.inputs[0].shape).max_backward(at)

"""Average pooling over sequences."""

from __future__ import annotations

from dltrain.core.fields import Flag, PositiveInteger
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.pooling import PaddingField1D, Pooling, over_sequence


class AveragePooling1D(Layer):
    """Take the mean of each window of a sequence, feature by feature.

    Shapes: x (time, features); y (output time, features).
    Cells of the padding do not count, unless they are asked to.
    """

    pool_size: PositiveInteger = 2
    """Steps of the window."""
    strides: PositiveInteger | None = None
    """Steps from one window to the next; the window's size by default."""
    padding: PaddingField1D = "valid"
    """`valid` (none), `same` (output = input / strides, rounded up), or steps to add
    around."""
    ceil_mode: Flag = False
    """Whether a last window may hang over the end."""
    count_include_pad: Flag = False
    """Whether cells of the padding count, as zeros; what a last window hangs over never does."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the windows."""
        pooling = self.pooling(inputs[0])
        return pooling.output[1], pooling.channels

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        self.pooling(at.inputs[0].shape).average_forward(at)

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        self.pooling(at.inputs[0].shape).average_backward(at)

    def pooling(self, shape: Shape) -> Pooling:
        """Lay the windows over a sequence; raises ShapeError where they do not fit."""
        require(shape, (2,), self)
        pooling = over_sequence(shape, self)
        around = self.padding if isinstance(self.padding, str) else ((0, 0), self.padding)
        return pooling.including(around) if self.count_include_pad else pooling

"""Average pooling over images."""

from __future__ import annotations

from dltrain.core.fields import Flag
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.pooling import Pooling, covering
from dltrain.layers.windows import PaddingField, PairField, pair, window_2d


class AveragePooling2D(Layer):
    """Take the mean of each window of an image.

    Shapes: x (height, width, channels); y (output height, output width, channels).
    Cells of the padding do not count, unless they are asked to.
    """

    pool_size: PairField = 2
    """Height and width of the window."""
    strides: PairField | None = None
    """Pixels from one window to the next; the window's size by default."""
    padding: PaddingField = "valid"
    """`valid` (none), `same` (output = input / strides, rounded up), or cells to add
    around."""
    ceil_mode: Flag = False
    """Whether a last window may hang over the end."""
    count_include_pad: Flag = False
    """Whether cells of the padding count, as zeros; what a last window hangs over never does."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the windows."""
        pooling = self.pooling(inputs[0])
        return *pooling.output, pooling.channels

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        self.pooling(at.inputs[0].shape).average_forward(at)

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        self.pooling(at.inputs[0].shape).average_backward(at)

    def pooling(self, shape: Shape) -> Pooling:
        """Lay the windows over an image; raises ShapeError where they do not fit."""
        require(shape, (3,), self)
        size = pair(self.pool_size)
        strides = size if self.strides is None else pair(self.strides)
        axes = window_2d(shape, size, strides, self.padding, ceil_mode=self.ceil_mode, layer=self)
        pooling = covering(Pooling.laid(shape, size, strides, axes), self)
        return pooling.including(self.padding) if self.count_include_pad else pooling

"""Max pooling over images."""

from __future__ import annotations

from dltrain.core.fields import Flag
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.pooling import Pooling, covering
from dltrain.layers.windows import PaddingField, PairField, pair, window_2d


class MaxPooling2D(Layer):
    """Keep the largest number of each window of an image.

    Shapes: x (height, width, channels); y (output height, output width, channels).
    Kept for backward: one code for each y, its place in the window. NaN is larger than any number.
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

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the windows."""
        pooling = self.pooling(inputs[0])
        return *pooling.output, pooling.channels

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        self.pooling(at.inputs[0].shape).max_forward(at)

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        self.pooling(at.inputs[0].shape).max_backward(at)

    def pooling(self, shape: Shape) -> Pooling:
        """Lay the windows over an image; raises ShapeError where they do not fit."""
        require(shape, (3,), self)
        size = pair(self.pool_size)
        strides = size if self.strides is None else pair(self.strides)
        axes = window_2d(shape, size, strides, self.padding, ceil_mode=self.ceil_mode, layer=self)
        return covering(Pooling.laid(shape, size, strides, axes), self)

"""Max pooling over images."""
from __future__ import annotations

from dltrain.core.fields import Flag
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.windows import PaddingField, PairField, pair, window_2d


class MaxPooling2D(Layer):
    """Keep the largest number of each window."""

    pool_size: PairField = 2
    """Height and width of the window."""
    strides: PairField | None = None
    """Pixels from one window to the next; the window's size by default."""
    padding: PaddingField = "valid"
    """`valid` (none), `same`, or cells to add around."""
    ceil_mode: Flag = False
    """Whether a last window may hang over the end."""

    def output_shape(self, *inputs: Shape) -> Shape:
        require(inputs[0], (3,), self)
        strides = pair(self.pool_size if self.strides is None else self.strides)
        high, wide = window_2d(inputs[0], self.pool_size, strides, self.padding, ceil_mode=self.ceil_mode, layer=self)
        return high.output, wide.output, inputs[0][-1]

"""Zeros around an image."""

from __future__ import annotations

from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.windows import SidesField, sides


class ZeroPadding2D(Layer):
    """Set an image among zeros.

    Shapes: x (height, width, channels); y (height + top + bottom, width + left + right, channels).
    """

    padding: SidesField = 1
    """Pixels on all sides, [vertical, horizontal], or [[top, bottom], [left, right]]."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Add the zeros."""
        (shape,) = inputs
        require(shape, (3,), self)
        vertical, horizontal = sides(self.padding)
        return shape[0] + sum(vertical), shape[1] + sum(horizontal), shape[2]

    def forward(self, at: Lowering) -> None:
        """Write the row that copies the image among zeros."""
        (x,), y = at.inputs, at.output
        sizes = (*x.shape, *y.shape[:2], *self._corner, 1, 1)
        at.row("pad", reads=(x,), writes=(y,), sizes=sizes)

    def backward(self, at: Lowering) -> None:
        """Write the row that cuts the gradient out."""
        gradient = at.input_gradient()
        if gradient is None:
            return
        dx, dy = gradient.buffer, at.output_gradient
        sizes = (*dx.shape, *dy.shape[:2], *self._corner)
        variant = (int(gradient.accumulate),)
        at.row("crop", variant=variant, reads=(dy,), writes=(dx,), sizes=sizes)

    @property
    def _corner(self) -> tuple[int, int]:
        (top, _), (left, _) = sides(self.padding)
        return top, left

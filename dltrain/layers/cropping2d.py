"""An image without its borders."""

from __future__ import annotations

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.windows import SidesField, sides


class Cropping2D(Layer):
    """Cut rows and columns off the sides of an image.

    Shapes: x (height, width, channels); y (height - top - bottom, width - left - right, channels).
    """

    cropping: SidesField = 0
    """Pixels off all sides, [vertical, horizontal], or [[top, bottom], [left, right]]."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Take off the borders; at least a pixel must be left."""
        (shape,) = inputs
        require(shape, (3,), self)
        vertical, horizontal = sides(self.cropping)
        high, wide = shape[0] - sum(vertical), shape[1] - sum(horizontal)
        if high < 1 or wide < 1:
            message = f"cropping2d leaves nothing of its input of {shape[0]}x{shape[1]}"
            hint = "cut off less than the image's height and width"
            raise ShapeError(message, field="cropping", hint=hint)
        return high, wide, shape[2]

    def forward(self, at: Lowering) -> None:
        """Write the row that cuts the image out."""
        (x,), y = at.inputs, at.output
        sizes = (*y.shape, *x.shape[:2], *self._corner)
        at.row("crop", variant=(0,), reads=(x,), writes=(y,), sizes=sizes)

    def backward(self, at: Lowering) -> None:
        """Write the row that puts the gradient back among zeros."""
        gradient = at.input_gradient()
        if gradient is None:
            return
        dx, dy = gradient.buffer, at.output_gradient
        if gradient.accumulate:
            sizes = (*dy.shape, dx.shape[1], *self._corner)
            at.row("add_within", reads=(dy,), writes=(dx,), sizes=sizes)
        else:
            sizes = (*dy.shape, *dx.shape[:2], *self._corner, 1, 1)
            at.row("pad", reads=(dy,), writes=(dx,), sizes=sizes)

    @property
    def _corner(self) -> tuple[int, int]:
        (top, _), (left, _) = sides(self.cropping)
        return top, left

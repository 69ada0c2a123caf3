"""One step of a sequence."""

from __future__ import annotations

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Integer
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.steps import cut, put_back


class TakeStep(Layer):
    """Give one step of a sequence by itself: a class token, or the last of what was read.

    Shapes: x (time, features); y (features,). Steps may be arrays too: images, of (time, height,
    width, channels).
    """

    step: Integer = 0
    """The step, counted from 0; from the end, -1 is the last."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the features of a step that is there."""
        (shape,) = inputs
        require(shape, (2, 3, 4), self)
        if not -shape[0] <= self.step < shape[0]:
            message = f"there is no step {self.step} in a sequence of {shape[0]}"
            hint = f"give a number from 0 to {shape[0] - 1}, or from -{shape[0]} to -1"
            raise ShapeError(message, field="step", hint=hint)
        return shape[1:]

    def forward(self, at: Lowering) -> None:
        """Write the row that copies the step."""
        cut(at, self._first(at))

    def backward(self, at: Lowering) -> None:
        """Write the row that puts the gradient back among zeros."""
        put_back(at, self._first(at))

    def _first(self, at: Lowering) -> int:
        return self.step % at.inputs[0].shape[0]

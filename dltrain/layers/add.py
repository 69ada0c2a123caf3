"""The layer that sums its inputs."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape, describe, size_of
from dltrain.layers.base import Layer
from dltrain.layers.passing import pass_gradient


class Add(Layer):
    """Sum inputs of one shape, element by element. An input may come more than once."""

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True
    joins: ClassVar[bool] = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape, which all inputs must have."""
        if len(set(inputs)) > 1:
            came = " and ".join(describe(shape) for shape in dict.fromkeys(inputs))
            message = f"a sum takes inputs of one shape, but receives {came}"
            hint = "give the branches the same filters or units, strides and padding"
            raise ShapeError(message, hint=hint)
        return inputs[0]

    def forward(self, at: Lowering) -> None:
        """Write a row for each input after the first."""
        sizes = (1, size_of(at.output.shape))
        first, *rest = at.inputs
        if not rest:
            at.row("linear_forward", reads=(first,), writes=(at.output,), sizes=sizes)
        for value in rest:
            at.row("add_forward", reads=(first, value), writes=(at.output,), sizes=sizes)
            first = at.output

    def backward(self, at: Lowering) -> None:
        """Give each input the whole gradient."""
        pass_gradient(at, len(at.inputs))

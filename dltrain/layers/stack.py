"""Values one behind the other, as steps."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer


class Stack(Layer, listed=False):
    """Put inputs of one shape one behind the other, inside of `time_distributed`.

    Shapes: x (...) each; y (inputs, ...).
    """

    joins: ClassVar[bool] = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the inputs."""
        return len(inputs), *inputs[0]

    def forward(self, at: Lowering) -> None:
        """Write the row that copies all inputs."""
        sizes = (1, *(value.size for value in at.inputs))
        variant = (len(at.inputs),)
        at.row("concatenate", variant=variant, reads=at.inputs, writes=(at.output,), sizes=sizes)

    def backward(self, at: Lowering) -> None:
        """Write a row for each input, which copies its gradient."""
        dy = at.output_gradient
        for index, value in enumerate(at.inputs):
            gradient = at.input_gradient(index)
            if gradient is not None:
                at.row(
                    "copy_run",
                    variant=(int(gradient.accumulate),),
                    reads=(dy,),
                    writes=(gradient.buffer,),
                    sizes=(1, value.size, dy.size, index * value.size, value.size, 0),
                )

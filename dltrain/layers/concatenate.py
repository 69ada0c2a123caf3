"""The layer that puts its inputs side by side."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape, describe, size_of
from dltrain.layers.base import Layer


class Concatenate(Layer):
    """Put inputs side by side along the last axis. An input may come more than once."""

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True
    joins: ClassVar[bool] = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Add up the last axis; the others must be equal."""
        if len({shape[:-1] for shape in inputs}) > 1:
            came = " and ".join(describe(shape) for shape in dict.fromkeys(inputs))
            message = f"only the last axis may differ between inputs side by side, but come {came}"
            hint = "give the branches the same strides and padding"
            raise ShapeError(message, hint=hint)
        return *inputs[0][:-1], sum(shape[-1] for shape in inputs)

    def forward(self, at: Lowering) -> None:
        """Write one row for all inputs: the search for a first NaN looks at whole outputs."""
        inputs = at.inputs
        sizes = (size_of(at.output.shape[:-1]), *(value.shape[-1] for value in inputs))
        at.row(
            "concatenate",
            variant=(len(inputs),),
            reads=inputs,
            writes=(at.output,),
            sizes=sizes,
        )

    def backward(self, at: Lowering) -> None:
        """Write a row for each input, which copies its gradient from its place."""
        wide, place = at.output.shape[-1], 0
        for index, value in enumerate(at.inputs):
            run = value.shape[-1]
            gradient = at.input_gradient(index)
            if gradient is not None:
                at.row(
                    "copy_run",
                    variant=(int(gradient.accumulate),),
                    reads=(at.output_gradient,),
                    writes=(gradient.buffer,),
                    sizes=(size_of(value.shape[:-1]), run, wide, place, run, 0),
                )
            place += run

"""The layer that takes the largest of its inputs."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape, describe
from dltrain.layers.base import Layer

MOST = 255
"""Inputs at most: which of them was largest is kept in a byte."""


class Maximum(Layer):
    """Take the largest of inputs of one shape, element by element.

    Of equals the first is taken, and gets the gradient. NaN is larger than any number.
    Kept for backward: the number of the input that was largest.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True
    joins: ClassVar[bool] = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape, which all inputs must have."""
        if len(set(inputs)) > 1:
            came = " and ".join(describe(shape) for shape in dict.fromkeys(inputs))
            message = f"a maximum takes inputs of one shape, but receives {came}"
            hint = "give the branches the same filters or units, strides and padding"
            raise ShapeError(message, hint=hint)
        if len(inputs) > MOST:
            message = f"a maximum takes at most {MOST} inputs, but receives {len(inputs)}"
            raise ShapeError(message, hint="take the maximum of some first")
        return inputs[0]

    def forward(self, at: Lowering) -> None:
        """Write a row for each input after the first."""
        largest, coded = at.inputs[0], at.needs_gradient
        codes = self._codes(at) if coded else at.output
        if len(at.inputs) == 1:
            sizes = (1, largest.size)
            at.row("linear_forward", reads=(largest,), writes=(at.output,), sizes=sizes)
        for index, value in enumerate(at.inputs[1:], start=1):
            at.row(
                "maximum_forward",
                variant=(int(coded), int(index == 1)),
                reads=(largest, value),
                writes=(at.output, codes),
                sizes=(value.size, index),
            )
            largest = at.output

    def backward(self, at: Lowering) -> None:
        """Write a row for each input: it gets the gradient where it was largest."""
        dy = at.output_gradient
        for index in range(len(at.inputs)):
            gradient = at.input_gradient(index)
            if gradient is None:
                continue
            variant, writes = (int(gradient.accumulate),), (gradient.buffer,)
            if len(at.inputs) == 1:
                reads, sizes = (dy, dy), (1, dy.size)
                at.row("linear_backward", variant=variant, reads=reads, writes=writes, sizes=sizes)
                return
            reads, sizes = (dy, self._codes(at)), (dy.size, index)
            at.row("maximum_backward", variant=variant, reads=reads, writes=writes, sizes=sizes)

    def _codes(self, at: Lowering) -> Buffer:
        return at.keep("codes", at.output.shape, width=1)

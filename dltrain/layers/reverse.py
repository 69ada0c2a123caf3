"""Sequences the other way round."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require


class Reverse(Layer, listed=False):
    """Give the steps of a sequence last to first, inside of `bidirectional`."""

    keeps_mask: ClassVar[bool] = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        require(inputs[0], (2,), self)
        return inputs[0]

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        self._row(at, at.inputs[0], at.output, accumulate=0)

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        gradient = at.input_gradient()
        if gradient is not None:
            accumulate = int(gradient.accumulate)
            self._row(at, at.output_gradient, gradient.buffer, accumulate=accumulate)

    def _row(self, at: Lowering, x: Buffer, y: Buffer, *, accumulate: int) -> None:
        at.row("reverse_steps", variant=(accumulate,), reads=(x,), writes=(y,), sizes=x.shape)

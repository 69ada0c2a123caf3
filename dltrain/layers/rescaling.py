"""Numbers scaled and moved by constants."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape, size_of
from dltrain.layers.base import Layer
from dltrain.layers.channels import NumbersField, numbers_for


class Rescaling(Layer):
    """Multiply by a number and add another: y = x * scale + offset.

    Shapes: x, y (..., channels).
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True

    scale: NumbersField
    """Factor of all channels, or a list with one for each."""
    offset: NumbersField = 0.0
    """Number added to all channels, or a list with one for each."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        numbers_for(self.scale, inputs[0], "scale")
        numbers_for(self.offset, inputs[0], "offset")
        return inputs[0]

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        self._row(at, at.inputs[0], at.output, self.offset, accumulate=False)

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        gradient = at.input_gradient()
        if gradient is not None:
            dx, accumulate = gradient.buffer, gradient.accumulate
            self._row(at, at.output_gradient, dx, 0.0, accumulate=accumulate)

    def _row(
        self, at: Lowering, x: Buffer, y: Buffer, offset: float | tuple[float, ...], *,
        accumulate: bool,
    ) -> None:  # fmt: skip
        shape: Shape = at.output.shape
        alike = not isinstance(self.scale, tuple) and not isinstance(offset, tuple)
        if alike:
            shape = (size_of(shape), 1)
        scales, offsets = (numbers_for(value, shape, "") for value in (self.scale, offset))
        at.row(
            "rescale",
            variant=(int(accumulate),),
            reads=(x,),
            writes=(y,),
            sizes=(size_of(shape[:-1]), shape[-1]),
            numbers=(*scales, *offsets),
        )

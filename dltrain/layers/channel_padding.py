"""Channels of zeros."""

from __future__ import annotations

from dltrain.core.fields import Count
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape, size_of
from dltrain.layers.base import Layer


class ChannelPadding(Layer):
    """Set the channels of an image, or the features of any sample, among channels of zeros.

    Shapes: x (..., channels); y (..., before + channels + after).
    """

    padding: Count | tuple[Count, Count]
    """Channels on both sides, or [before, after]."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Add the channels."""
        (shape,) = inputs
        return *shape[:-1], shape[-1] + sum(self._sides)

    def forward(self, at: Lowering) -> None:
        """Write the row that copies each pixel's channels among zeros."""
        (x,), y = at.inputs, at.output
        rows = size_of(x.shape[:-1])
        sizes = (rows, x.shape[-1], 1, rows, y.shape[-1], 0, self._sides[0], 1, 1)
        at.row("pad", reads=(x,), writes=(y,), sizes=sizes)

    def backward(self, at: Lowering) -> None:
        """Write the row that cuts the gradient out."""
        gradient = at.input_gradient()
        if gradient is None:
            return
        dx, dy = gradient.buffer, at.output_gradient
        rows = size_of(dx.shape[:-1])
        sizes = (rows, dx.shape[-1], 1, rows, dy.shape[-1], 0, self._sides[0])
        variant = (int(gradient.accumulate),)
        at.row("crop", variant=variant, reads=(dy,), writes=(dx,), sizes=sizes)

    @property
    def _sides(self) -> tuple[int, int]:
        return (self.padding, self.padding) if isinstance(self.padding, int) else self.padding

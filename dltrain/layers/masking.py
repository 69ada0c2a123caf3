"""Padding in sequences of measurements."""

from __future__ import annotations

from dltrain.core.fields import Number
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.step_mask import StepMask


class Masking(Layer):
    """Take steps of which every number is `mask_value` for padding, which the layers behind skip.

    Recurrent layers keep their state there, attention does not look there, and global poolings
    leave them out; layers that work step by step pass this on, all others forget it.

    Shapes: x (time, features); y (time, features), 0 where a step is padding.
    """

    mask_value: Number = 0.0
    """What padding consists of."""

    @property
    def mask(self) -> Layer:
        """Tell steps of the input that are padding."""
        return StepMask(value=self.mask_value)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        require(inputs[0], (2,), self, hint="embeddings have `mask_zero: true` instead")
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
        assert at.mask is not None  # noqa: S101 - this layer makes one
        reads, writes, variant = (x, at.mask), (y,), (accumulate,)
        at.row("mask_steps", variant=variant, reads=reads, writes=writes, sizes=x.shape)

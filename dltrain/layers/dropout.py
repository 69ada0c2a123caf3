"""The layer that leaves out numbers at random while a network trains."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Share
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer

TWO_TO_32 = 2**32


class Dropout(Layer):
    """Set a share of the numbers to zero while training, and scale up the others to make up for it.

    What is left out is a function of the run's seed, the layer, the step, the sample's place in its
    batch and the element, and so the same for any number of threads. Elsewhere the input passes as
    it is.
    Source: Srivastava and others 2014, JMLR 15; scaled at training instead of inference.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True

    rate: Share
    """Share of the numbers to set to zero."""

    def is_alias(self, *, training: bool) -> bool:
        """Pass the input on outside of training."""
        return not training or self.rate == 0

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def forward(self, at: Lowering) -> None:
        """Write the row of y = x * mask."""
        self._mask(at, at.inputs[0], at.output, accumulate=False)

    def backward(self, at: Lowering) -> None:
        """Write the row of dx = dy * mask, which is drawn again, so that nothing is kept."""
        gradient = at.input_gradient()
        if gradient is not None:
            accumulate = gradient.accumulate
            self._mask(at, at.output_gradient, gradient.buffer, accumulate=accumulate)

    def _mask(self, at: Lowering, x: Buffer, y: Buffer, *, accumulate: bool) -> None:
        at.row(
            "dropout",
            variant=(int(accumulate),),
            reads=(x, at.cells),
            writes=(y,),
            sizes=(x.size, at.seed()),
            numbers=(float(round(self.rate * TWO_TO_32)), 1 / (1 - self.rate)),
        )

"""Max pooling over whole sequences."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Flag
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.pooling import Pooling, whole_output


class GlobalMaxPooling1D(Layer):
    """Keep the largest number of each feature over the whole sequence.

    Shapes: x (time, features); y (features,). Padding does not count; where all is, y is 0.
    Kept for backward: the place of each y.
    """

    reads_mask: ClassVar[bool] = True

    keepdims: Flag = False
    """Whether y is a sequence of one step, (1, features)."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Leave one number for each feature."""
        require(inputs[0], (2,), self)
        return whole_output(inputs[0], keepdims=self.keepdims)

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        if at.mask is None:
            Pooling.whole(at.inputs[0].shape).max_forward(at)
            return
        at.row(
            "masked_max_forward",
            reads=(at.inputs[0], at.mask),
            writes=(at.output, self._steps(at)),
            sizes=at.inputs[0].shape,
        )

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        if at.mask is None:
            Pooling.whole(at.inputs[0].shape).max_backward(at)
        elif (gradient := at.input_gradient()) is not None:
            at.row(
                "masked_max_backward",
                variant=(int(gradient.accumulate),),
                reads=(at.output_gradient, self._steps(at)),
                writes=(gradient.buffer,),
                sizes=at.inputs[0].shape,
            )

    def _steps(self, at: Lowering) -> Buffer:
        """Give the step that each feature's largest number was found at."""
        features = at.inputs[0].shape[1:]
        return at.keep("steps", features) if at.needs_gradient else at.scratch(features)

"""Average pooling over whole sequences."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Flag
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.pooling import Pooling, whole_output


class GlobalAveragePooling1D(Layer):
    """Take the mean of each feature over the whole sequence.

    Shapes: x (time, features); y (features,). Padding does not count; where all is, y is 0.
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
            Pooling.whole(at.inputs[0].shape).average_forward(at)
            return
        x, sizes = at.inputs[0], at.inputs[0].shape
        at.row("masked_average_forward", reads=(x, at.mask), writes=(at.output,), sizes=sizes)

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        if at.mask is None:
            Pooling.whole(at.inputs[0].shape).average_backward(at)
        elif (gradient := at.input_gradient()) is not None:
            at.row(
                "masked_average_backward",
                variant=(int(gradient.accumulate),),
                reads=(at.output_gradient, at.mask),
                writes=(gradient.buffer,),
                sizes=at.inputs[0].shape,
            )

"""Images made larger."""

from __future__ import annotations

from typing import Literal

from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.windows import PairField, pair


class UpSampling2D(Layer):
    """Make an image several times as high and wide.

    Shapes: x (height, width, channels); y (height * vertical, width * horizontal, channels).
    Source: bilinear is that of Keras and of PyTorch without `align_corners`: pixels are squares,
    and a number is taken at the middle of each new one.
    """

    size: PairField = 2
    """How many times as high and wide."""
    interpolation: Literal["nearest", "bilinear"] = "nearest"
    """`nearest` repeats pixels, `bilinear` fills in numbers between them."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Multiply height and width."""
        (shape,) = inputs
        require(shape, (3,), self)
        down, across = pair(self.size)
        return shape[0] * down, shape[1] * across, shape[2]

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        kernel = "repeat_pixels" if self.interpolation == "nearest" else "interpolate_pixels"
        sizes = (*at.inputs[0].shape, *pair(self.size))
        at.row(kernel, reads=at.inputs, writes=(at.output,), sizes=sizes)

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        gradient = at.input_gradient()
        if gradient is None:
            return
        at.row(
            "sum_pixels" if self.interpolation == "nearest" else "share_pixels",
            variant=(int(gradient.accumulate),),
            reads=(at.output_gradient,),
            writes=(gradient.buffer,),
            sizes=(*gradient.buffer.shape, *pair(self.size)),
        )

"""A factor for each channel, small at first."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.constant import Constant
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.products import write_product, write_sums
from dltrain.regularizers.base import Regularizer


class LayerScale(Layer):
    """Multiply every channel by a factor that is learnt and starts near 0.

    At the end of a residual block's layers, it lets the block begin as its shortcut alone.
    Shapes: x, y (..., channels); gamma (channels,).
    Source: Touvron and others 2021, arXiv:2103.17239, eq. 3; 1e-6 is ConvNeXt's starting value.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True

    gamma_initializer: Initializer = Constant(value=1e-6)
    """Starting values of the factors."""
    gamma_regularizer: Regularizer | None = None
    """Penalty on the factors, added to the loss."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the factors."""
        shape = inputs[0][-1:]
        return {"gamma": ParameterSpec(shape, self.gamma_initializer, self.gamma_regularizer)}

    def forward(self, at: Lowering) -> None:
        """Write the row of y = x * gamma."""
        write_product(at, at.inputs[0], at.parameter("gamma"), at.output)

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients of gamma and x."""
        dy, gradient = at.output_gradient, at.input_gradient()
        learnt = at.parameter_gradient("gamma", per="sample")
        if learnt is not None:
            write_sums(at, dy, at.inputs[0], learnt)
        if gradient is not None:
            gamma, accumulate = at.parameter("gamma"), gradient.accumulate
            write_product(at, dy, gamma, gradient.buffer, accumulate=accumulate)

"""The convolution in which every channel has kernels of its own."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Flag, PositiveInteger
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.windows import PaddingField, PairField, pair, window_2d
from dltrain.regularizers.base import Regularizer


class DepthwiseConv2D(Layer):
    """Slide kernels over each channel of an image apart from all others, and add a bias.

    Shapes: x (height, width, channels); kernel (high, wide, channels, depth_multiplier); y (output
    height, output width, channels * depth_multiplier), what comes from one channel side by side.
    Kept for backward: x, and y where an activation is fused.
    """

    fuses: ClassVar[frozenset[str]] = Conv2D.fuses

    kernel_size: PairField
    """Height and width of the kernels."""
    strides: PairField = 1
    """Pixels from one position of a kernel to the next."""
    padding: PaddingField = "valid"
    """`valid` (none), `same` (output = input / strides, rounded up), or zeros to add around."""
    depth_multiplier: PositiveInteger = 1
    """Kernels of each channel, and so channels of the output for one of the input."""
    dilation_rate: PairField = 1
    """Pixels from one element of a kernel to the next."""
    use_bias: Flag = True
    """Whether a bias is added."""
    depthwise_initializer: Initializer = GlorotUniform()
    """Starting values of the kernels."""
    bias_initializer: Initializer = Zeros()
    """Starting values of the bias."""
    depthwise_regularizer: Regularizer | None = None
    """Penalty on the kernels, added to the loss."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the positions of the kernels."""
        (shape,) = inputs
        require(shape, (3,), self)
        strides, dilation = pair(self.strides), pair(self.dilation_rate)
        axes = window_2d(shape, self.kernel_size, strides, self.padding, dilation, layer=self)
        return *(axis.output for axis in axes), shape[2] * self.depth_multiplier

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the kernels and the bias."""
        channels = inputs[0][2]
        shape = (*pair(self.kernel_size), channels, self.depth_multiplier)
        kernel = ParameterSpec(shape, self.depthwise_initializer, self.depthwise_regularizer)
        if not self.use_bias:
            return {"kernel": kernel}
        bias = ParameterSpec((channels * self.depth_multiplier,), self.bias_initializer)
        return {"kernel": kernel, "bias": bias}

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count one for each output and each element of its kernel."""
        return self.convolution(inputs[0][2]).multiply_adds(*inputs)

    def joined(self, following: Layer, *, predicting: bool = False) -> Layer | None:
        """Take in a normalization by kept statistics that follows."""
        from dltrain.layers.folded import Folded

        return Folded.of(self, following) if predicting else None

    def forward(self, at: Lowering) -> None:
        """Write the rows of y."""
        self.convolution(at.inputs[0].shape[2]).forward(at)

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients."""
        self.convolution(at.inputs[0].shape[2]).backward(at)

    def convolution(self, channels: int) -> Conv2D:
        """Give the convolution with as many groups as channels that does the work.

        Its kernel (high, wide, 1, channels * depth_multiplier) lies in memory as this one does.
        """
        return Conv2D(
            filters=channels * self.depth_multiplier,
            kernel_size=self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            groups=channels,
            use_bias=self.use_bias,
            activation=self.activation,
        )

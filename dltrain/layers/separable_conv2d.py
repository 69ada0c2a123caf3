"""The convolution in two steps: over each channel, then across channels."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Flag, PositiveInteger
from dltrain.core.lowering import Gradient, Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.depthwise_conv2d import DepthwiseConv2D
from dltrain.layers.part import part
from dltrain.layers.windows import PaddingField, PairField, pair, window_2d
from dltrain.regularizers.base import Regularizer

DEPTHWISE = {"kernel": "depthwise_kernel"}
POINTWISE = {"kernel": "pointwise_kernel"}


class SeparableConv2D(Layer):
    """Slide kernels over each channel of an image, then mix the channels of each pixel.

    Shapes: x (height, width, channels); depthwise_kernel (high, wide, channels, depth_multiplier);
    pointwise_kernel (1, 1, channels * depth_multiplier, filters); y (output height, output width,
    filters). Kept for backward: x, what is between the steps, and y where an activation is fused.
    """

    fuses: ClassVar[frozenset[str]] = Conv2D.fuses

    filters: PositiveInteger
    """Channels of the output."""
    kernel_size: PairField
    """Height and width of the depthwise kernels."""
    strides: PairField = 1
    """Pixels from one position of a kernel to the next."""
    padding: PaddingField = "valid"
    """`valid` (none), `same` (output = input / strides, rounded up), or zeros to add around."""
    depth_multiplier: PositiveInteger = 1
    """Depthwise kernels of each channel."""
    dilation_rate: PairField = 1
    """Pixels from one element of a kernel to the next."""
    use_bias: Flag = True
    """Whether a bias is added, after both steps."""
    depthwise_initializer: Initializer = GlorotUniform()
    """Starting values of the depthwise kernels."""
    pointwise_initializer: Initializer = GlorotUniform()
    """Starting values of the kernel that mixes channels."""
    bias_initializer: Initializer = Zeros()
    """Starting values of the bias."""
    depthwise_regularizer: Regularizer | None = None
    """Penalty on the depthwise kernels, added to the loss."""
    pointwise_regularizer: Regularizer | None = None
    """Penalty on the kernel that mixes channels, added to the loss."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the positions of the kernels."""
        (shape,) = inputs
        require(shape, (3,), self)
        strides, dilation = pair(self.strides), pair(self.dilation_rate)
        axes = window_2d(shape, self.kernel_size, strides, self.padding, dilation, layer=self)
        return *(axis.output for axis in axes), self.filters

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for both kernels and the bias."""
        (depthwise,) = self._depthwise.parameters(*inputs).values()
        shape = (1, 1, inputs[0][2] * self.depth_multiplier, self.filters)
        pointwise = ParameterSpec(shape, self.pointwise_initializer, self.pointwise_regularizer)
        specs = {DEPTHWISE["kernel"]: depthwise, POINTWISE["kernel"]: pointwise}
        if self.use_bias:
            specs["bias"] = ParameterSpec((self.filters,), self.bias_initializer)
        return specs

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count those of both steps."""
        between = self._depthwise.output_shape(*inputs)
        return self._depthwise.multiply_adds(*inputs) + self._pointwise.multiply_adds(between)

    def forward(self, at: Lowering) -> None:
        """Write the rows of both steps."""
        between = at.keep("between", self._depthwise.output_shape(at.inputs[0].shape))
        self._depthwise.forward(part(at, at.inputs, between, names=DEPTHWISE))
        self._pointwise.forward(part(at, (between,), at.output, names=POINTWISE))

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients, of the second step first."""
        between = at.keep("between", self._depthwise.output_shape(at.inputs[0].shape))
        change = at.scratch(between.shape)
        last = (at.output_gradient, Gradient(change, accumulate=False))
        self._pointwise.backward(part(at, (between,), at.output, last, names=POINTWISE))
        first = (change, at.input_gradient())
        self._depthwise.backward(part(at, at.inputs, between, first, names=DEPTHWISE))

    @property
    def _depthwise(self) -> DepthwiseConv2D:
        return DepthwiseConv2D(
            kernel_size=self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            depth_multiplier=self.depth_multiplier,
            dilation_rate=self.dilation_rate,
            use_bias=False,
            depthwise_initializer=self.depthwise_initializer,
            depthwise_regularizer=self.depthwise_regularizer,
        )

    @property
    def _pointwise(self) -> Conv2D:
        return Conv2D(
            filters=self.filters,
            kernel_size=1,
            use_bias=self.use_bias,
            activation=self.activation,
        )

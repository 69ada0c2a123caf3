"""The transposed convolution, which makes an image larger."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Count, Flag, PositiveInteger
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.convolution import Convolution, LaidOut
from dltrain.layers.half_convolution import HalfConvolution
from dltrain.layers.strided import Strided
from dltrain.layers.windows import PaddingField, PairField, Window, pair, sides, transposed_window
from dltrain.regularizers.base import Regularizer


class Conv2DTranspose(Layer):
    """Put a kernel, times each pixel, at the pixel's place in a larger image; add a bias.

    This is the way back of a convolution from the larger image to the smaller one.
    Shapes: x (height, width, channels); kernel (high, wide, filters, channels); y (output height,
    output width, filters). Kept for backward: x, and y where an activation is fused.
    """

    type_name: ClassVar[str] = "conv2d_transpose"
    fuses: ClassVar[frozenset[str]] = frozenset({"relu"})

    filters: PositiveInteger
    """Channels of the output."""
    kernel_size: PairField
    """Height and width of the kernel."""
    strides: PairField = 1
    """Pixels of the output from one position of the kernel to the next."""
    padding: PaddingField = "valid"
    """`valid` (all that kernels reach), `same` (output = input * strides), or pixels to cut off
    the sides of what kernels reach."""
    output_padding: Count | tuple[Count, Count] | None = None
    """Pixels added at the end of both axes, or [vertical, horizontal]; fewer than strides. With
    `same` the output is then (input - 1) * strides + output_padding + 1, or + 0 for an even kernel.
    """
    dilation_rate: PairField = 1
    """Pixels from one element of the kernel to the next."""
    use_bias: Flag = True
    """Whether a bias is added."""
    kernel_initializer: Initializer = GlorotUniform()
    """Starting values of the kernel."""
    bias_initializer: Initializer = Zeros()
    """Starting values of the bias."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on the kernel, added to the loss."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the pixels that kernels reach, less what is cut off."""
        geometry = self.geometry(inputs[0])
        return *geometry.input, self.filters

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the kernel and the bias."""
        shape = (*pair(self.kernel_size), self.filters, inputs[0][2])
        specs = {"kernel": ParameterSpec(shape, self.kernel_initializer, self.kernel_regularizer)}
        if self.use_bias:
            specs["bias"] = ParameterSpec((self.filters,), self.bias_initializer)
        return specs

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count one for each number of the input and each element of the kernel it is put by."""
        (high, wide), (height, width, channels) = pair(self.kernel_size), inputs[0]
        return height * width * channels * high * wide * self.filters

    def forward(self, at: Lowering) -> None:
        """Write the rows: the way back through a convolution, with the kernel turned over."""
        geometry = self.geometry(at.inputs[0].shape)
        bias = at.parameter("bias" if self.use_bias else "kernel")
        start, relu = int(self.use_bias), int(self.activation is not None)
        if HalfConvolution.suits(at, geometry):
            halves = HalfConvolution(geometry)
            halves.backward(at, at.inputs[0], bias, at.output, start=start, relu=relu)
            return
        shape = (*geometry.kernel, geometry.filters, geometry.channels)
        flipped = at.prepared(
            "kernel", "flip", variant=(at.target.width,), shape=shape, sizes=geometry.flip_sizes
        )
        strided = Strided(geometry)
        if Strided.suits(geometry) and not (self.use_bias and strided.leaves_gaps):
            given = strided.surround(at, at.inputs[0])
            strided.emit(at, given, flipped, bias, at.output, start=start, relu=relu)
            return
        spread = geometry.spread(at, at.inputs[0]).buffer
        reverse = geometry.reversed()
        reverse.convolve(at, spread, flipped, bias, at.output, start=start, relu=relu)

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients: those of a convolution, input and output swapped."""
        geometry = self.geometry(at.inputs[0].shape)
        self._bias_gradient(at, at.output_gradient)
        if HalfConvolution.suits(at, geometry):
            self._rounded_gradients(at, HalfConvolution(geometry))
            return
        dy = at.output_gradient
        if geometry.is_padded:
            dy = geometry.pad(at, dy)
        dw = at.parameter_gradient("kernel", per="sample")
        if dw is not None:
            geometry.weights(at, dy, LaidOut.plain(at.inputs[0]), dw.buffer)
        gradient = at.input_gradient()
        if gradient is not None:
            kernel, start = at.parameter("kernel"), gradient.start
            geometry.convolve(at, dy, kernel, kernel, gradient.buffer, start=start, relu=0)

    def _rounded_gradients(self, at: Lowering, halves: HalfConvolution) -> None:
        """Write the rows of the gradients of kernel and input in bfloat16."""
        dw, gradient = at.parameter_gradient("kernel", per="sample"), at.input_gradient()
        if dw is not None:
            halves.weights(at, at.output_gradient, at.inputs[0], dw.buffer)
        if gradient is not None:
            dy, none, start = at.output_gradient, at.parameter("kernel"), gradient.start
            halves.forward(at, dy, none, gradient.buffer, start=start, relu=0)

    def _bias_gradient(self, at: Lowering, dy: Buffer) -> None:
        relu = int(self.activation is not None)
        bias = at.parameter_gradient("bias", per="sample") if self.use_bias else None
        if bias is None and not relu:
            return
        at.row(
            "bias_gradient",
            variant=(relu, 0 if bias is None else 2),
            reads=(at.output,),
            writes=(dy, dy if bias is None else bias.buffer),
            sizes=(dy.shape[0] * dy.shape[1], dy.shape[2]),
            per="sample",
        )

    def geometry(self, shape: Shape) -> Convolution:
        """Lay out the convolution that leads from the output back to an input of this shape."""
        require(shape, (3,), self)
        high, wide = self._window(shape, 0), self._window(shape, 1)
        return Convolution(
            input=(high.output, wide.output),
            channels=self.filters,
            filters=shape[2],
            kernel=pair(self.kernel_size),
            strides=pair(self.strides),
            dilation=pair(self.dilation_rate),
            before=(high.before, wide.before),
            after=(high.after, wide.after),
            output=(shape[0], shape[1]),
            groups=1,
        )

    def _window(self, shape: Shape, axis: int) -> Window:
        size, stride, dilation = (
            pair(value)[axis] for value in (self.kernel_size, self.strides, self.dilation_rate)
        )
        added = None if self.output_padding is None else pair(self.output_padding)[axis]
        if added is not None and added >= stride:
            message = f"output_padding {added} is not smaller than the stride {stride}"
            hint = "leave output_padding out, or use larger strides"
            raise ShapeError(message, field="output_padding", hint=hint)
        window = transposed_window(
            shape[axis], size, stride, sides(self.padding)[axis], dilation, added=added
        )
        if window.output < 1:
            message = f"{self.type_name} cuts off all of an input of {shape[0]}x{shape[1]}"
            raise ShapeError(message, field="padding", hint="use less padding or a larger kernel")
        return window

"""The two-dimensional convolution."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Flag, PositiveInteger
from dltrain.core.inputs import InputFacts
from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.core.shapes import Shape, size_of
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.initializers.zeros import Zeros
from dltrain.layers import columns
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.convolution import Convolution, LaidOut
from dltrain.layers.half_convolution import HalfConvolution
from dltrain.layers.outputs import OutputsField, filled_in, known
from dltrain.layers.sparse import SparseGradients
from dltrain.layers.strided import Strided
from dltrain.layers.windows import PaddingField, PairField, pair, window_2d
from dltrain.layers.winograd import Winograd
from dltrain.regularizers.base import Regularizer


class Conv2D(Layer):
    """Slide a kernel over an image and add a bias.

    Shapes: x (height, width, channels); kernel (high, wide, channels / groups, filters); y (output
    height, output width, filters). Kept for backward: x, and y where an activation is fused.
    """

    fuses: ClassVar[frozenset[str]] = frozenset({"relu"})

    filters: OutputsField
    """Channels of the output; `classes` takes the number of classes from the data set."""
    kernel_size: PairField
    """Height and width of the kernel."""
    strides: PairField = 1
    """Pixels from one position of the kernel to the next."""
    padding: PaddingField = "valid"
    """`valid` (none), `same` (output = input / strides, rounded up), or zeros to add around."""
    dilation_rate: PairField = 1
    """Pixels from one element of the kernel to the next."""
    groups: PositiveInteger = 1
    """Groups of channels that are convolved apart; as many as channels for a depthwise one."""
    use_bias: Flag = True
    """Whether a bias is added."""
    kernel_initializer: Initializer = GlorotUniform()
    """Starting values of the kernel."""
    bias_initializer: Initializer = Zeros()
    """Starting values of the bias."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on the kernel, added to the loss."""

    def resolved(self, classes: int | None, inputs: InputFacts) -> Layer:
        """Fill in `filters: classes`."""
        return filled_in(self, "filters", classes=classes)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the positions of the kernel."""
        geometry = self.geometry(inputs[0])
        return *geometry.output, self._filters

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the kernel and the bias."""
        shape = (*pair(self.kernel_size), inputs[0][-1] // self.groups, self._filters)
        specs = {"kernel": ParameterSpec(shape, self.kernel_initializer, self.kernel_regularizer)}
        if self.use_bias:
            specs["bias"] = ParameterSpec((self._filters,), self.bias_initializer)
        return specs

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count one for each output and each element of its kernel."""
        (high, wide), (height, width) = pair(self.kernel_size), self.geometry(inputs[0]).output
        return height * width * self._filters * high * wide * (inputs[0][-1] // self.groups)

    def joined(self, following: Layer, *, predicting: bool = False) -> Layer | None:
        """Take in a max pooling that follows, or a normalization by kept statistics."""
        from dltrain.layers.folded import Folded
        from dltrain.layers.pooled_conv2d import PooledConv2D

        folded = Folded.of(self, following) if predicting else None
        return folded or PooledConv2D.of(self, following)

    def forward(self, at: Lowering) -> None:
        """Write the rows of y = x * kernel + bias, relu included where it is fused."""
        geometry = self.geometry(at.inputs[0].shape)
        bias = at.parameter("bias") if self.use_bias else at.parameter("kernel")
        start, relu = int(self.use_bias), int(self.activation is not None)
        weights = size_of(at.parameter("kernel").shape)
        winograd = Winograd.of(geometry, at)
        few = columns.suits(at, geometry.output[0] * geometry.output[1], weights)
        if few and geometry.groups == 1 and winograd is None:
            windows = geometry.gather(at, self.padded_input(at, geometry))
            columns.multiply(at, windows, "kernel", bias, at.output, start=start, relu=relu)
            return
        if winograd is not None:
            x = self.padded_input(at, winograd.geometry)
            winograd.convolve(at, x, bias, at.output, turned=False, start=start, relu=relu)
            return
        if HalfConvolution.suits(at, geometry):
            halves = HalfConvolution(geometry)
            halves.forward(at, at.inputs[0], bias, at.output, start=start, relu=relu)
            return
        x, kernel = self.padded_input(at, geometry), at.parameter("kernel")
        geometry.convolve(at, x, kernel, bias, at.output, start=start, relu=relu)

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients of bias, kernel and input."""
        geometry = self.geometry(at.inputs[0].shape)
        suits = self.activation is not None and SparseGradients.suits(geometry, at.target)
        if suits and at.owns_parameters and not at.frozen:
            sparse = SparseGradients(geometry, (1, 1), relu=True)
            sparse.emit(at, self.padded_input(at, geometry), at.output, bias=self.use_bias)
            return
        self._bias_gradient(at, at.output_gradient)
        winograd = Winograd.of(geometry, at)
        if winograd is not None:
            self._winograd_gradients(at, winograd)
            return
        if HalfConvolution.suits(at, geometry):
            HalfConvolution(geometry).gradients(at, at.output_gradient)
            return
        self.dense_gradients(at, geometry, at.output_gradient)

    def dense_gradients(self, at: Lowering, geometry: Convolution, dy: Buffer) -> None:
        """Write the rows of the gradients of kernel and input, of a dy without many zeros."""
        gradient = at.input_gradient()
        if gradient is not None and Strided.suits(geometry):
            self._strided_gradients(at, Strided(geometry), dy, gradient)
            return
        spread = geometry.spread(at, dy) if gradient is not None else LaidOut.plain(dy)
        whole = spread if spread.is_whole else LaidOut.plain(dy)
        self._direct_weights(at, geometry, whole)
        if gradient is None:
            return
        flipped = self._turned_over(at, geometry)
        reverse, given = geometry.reversed(), spread.buffer
        if geometry.repeats == 1:
            start = gradient.start
            reverse.convolve(at, given, flipped, flipped, gradient.buffer, start=start, relu=0)
            return
        dx = at.scratch((*geometry.input, geometry.channels))
        reverse.convolve(at, given, flipped, flipped, dx, start=0, relu=0)
        geometry.sum_repeats(at, dx, gradient)

    def _direct_weights(self, at: Lowering, geometry: Convolution, dy: LaidOut) -> None:
        """Write the row of the kernel's gradient, sample by sample."""
        kernel = at.parameter_gradient("kernel", per="sample")
        if kernel is not None:
            geometry.weights(at, self.padded_input(at, geometry), dy, kernel.buffer)

    def _strided_gradients(
        self, at: Lowering, strided: Strided, dy: Buffer, gradient: Gradient
    ) -> None:
        """Write the rows of the gradients of kernel and input where there are strides."""
        given = strided.surround(at, dy)
        self._direct_weights(at, strided.back, given)
        kernel = self._turned_over(at, strided.back)
        strided.emit(at, given, kernel, kernel, gradient.buffer, start=gradient.start, relu=0)

    def _turned_over(self, at: Lowering, geometry: Convolution) -> Buffer:
        """Give the kernel as the input gradient meets it."""
        shape = (*geometry.kernel, geometry.filters // geometry.groups, geometry.channels)
        return at.prepared(
            "kernel", "flip", variant=(at.target.width,), shape=shape, sizes=geometry.flip_sizes
        )

    def _winograd_gradients(self, at: Lowering, winograd: Winograd) -> None:
        """Write the rows of the gradients of kernel and input by Winograd's algorithm."""
        back, gradient = winograd.backward(), at.input_gradient()
        dy = back.surround(at, at.output_gradient)
        if winograd.is_cached or at.frozen or not at.owns_parameters:
            if gradient is not None:
                start, given = gradient.start, dy.buffer
                back.convolve(at, given, given, gradient.buffer, turned=True, start=start, relu=0)
            self._lane_or_direct(at, winograd, dy)
            return
        winograd.gradients(at, self.padded_input(at, winograd.geometry), dy, back, gradient)

    def _lane_or_direct(self, at: Lowering, winograd: Winograd, dy: LaidOut) -> None:
        """Write the row of the gradient of a small kernel."""
        if not winograd.halves:
            self._direct_weights(at, winograd.geometry, dy)
            return
        kernel = at.parameter_gradient("kernel", per="lane")
        if kernel is not None:
            winograd.lane_weights(at, self.padded_input(at, winograd.geometry), dy, kernel)

    def _bias_gradient(self, at: Lowering, dy: Buffer) -> None:
        relu = int(self.activation is not None)
        bias = at.parameter_gradient("bias", per="sample") if self.use_bias else None
        if bias is None and not relu:
            return
        height, width, channels = dy.shape
        at.row(
            "bias_gradient",
            variant=(relu, 0 if bias is None else 2),
            reads=(at.output,),
            writes=(dy, dy if bias is None else bias.buffer),
            sizes=(height * width, channels),
            per="sample",
        )

    def padded_input(self, at: Lowering, geometry: Convolution) -> Buffer:
        """Give the input among its zeros, by a row that copies it where there are any."""
        x = geometry.repeat(at, at.inputs[0])
        return geometry.pad(at, x) if geometry.is_padded else x

    def geometry(self, shape: Shape) -> Convolution:
        """Lay the kernel over an image of this shape; raises ShapeError where it does not fit."""
        require(shape, (3,), self)
        channels = shape[-1]
        if channels % self.groups or self._filters % self.groups:
            message = (
                f"{self.groups} groups divide neither evenly: {channels} channels, "
                f"{self._filters} filters"
            )
            hint = "choose groups that divide both the input's channels and the filters"
            raise ShapeError(message, field="groups", hint=hint)
        strides, dilation = pair(self.strides), pair(self.dilation_rate)
        high, wide = window_2d(shape, self.kernel_size, strides, self.padding, dilation, layer=self)
        geometry = Convolution(
            input=(shape[0], shape[1]),
            channels=channels,
            filters=self._filters,
            kernel=pair(self.kernel_size),
            strides=strides,
            dilation=dilation,
            before=(high.before, wide.before),
            after=(high.after, wide.after),
            output=(high.output, wide.output),
            groups=self.groups,
        )
        return geometry.one_for_each()

    @property
    def _filters(self) -> int:
        return known(self.filters, "filters")

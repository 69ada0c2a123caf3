"""The convolution over time."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Count, Flag, PositiveInteger
from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.part import part
from dltrain.layers.windows import CountPair, window
from dltrain.regularizers.base import Regularizer

CausalPaddingField = Annotated[
    Literal["valid", "same", "causal"] | Count | CountPair, Field(union_mode="left_to_right")
]
"""`valid`, `same`, `causal`, zeros on both sides, or [before, after]."""


class Conv1D(Layer):
    """Slide a kernel over a sequence and add a bias.

    Shapes: x (time, features); kernel (size, features / groups, filters); y (output time, filters).
    Kept for backward: x, and y where an activation is fused.
    """

    fuses: ClassVar[frozenset[str]] = Conv2D.fuses

    filters: PositiveInteger
    """Features of the output."""
    kernel_size: PositiveInteger
    """Steps of the kernel."""
    strides: PositiveInteger = 1
    """Steps from one position of the kernel to the next."""
    padding: CausalPaddingField = "valid"
    """`valid` (none), `same` (output = input / strides, rounded up), `causal` (zeros before, so
    that no output sees a later input), or zeros to add around."""
    dilation_rate: PositiveInteger = 1
    """Steps from one element of the kernel to the next."""
    groups: PositiveInteger = 1
    """Groups of features that are convolved apart."""
    use_bias: Flag = True
    """Whether a bias is added."""
    kernel_initializer: Initializer = GlorotUniform()
    """Starting values of the kernel."""
    bias_initializer: Initializer = Zeros()
    """Starting values of the bias."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on the kernel, added to the loss."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the positions of the kernel."""
        (shape,) = inputs
        require(shape, (2,), self)
        _, steps, filters = self._convolution(shape).output_shape(_image(shape))
        return steps, filters

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the kernel and the bias."""
        shape = (self.kernel_size, inputs[0][1] // self.groups, self.filters)
        specs = {"kernel": ParameterSpec(shape, self.kernel_initializer, self.kernel_regularizer)}
        if self.use_bias:
            specs["bias"] = ParameterSpec((self.filters,), self.bias_initializer)
        return specs

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count one for each output and each element of its kernel."""
        return self._convolution(inputs[0]).multiply_adds(_image(inputs[0]))

    def forward(self, at: Lowering) -> None:
        """Write the rows of y."""
        seen = part(at, (_row(at.inputs[0]),), _row(at.output))
        self._convolution(at.inputs[0].shape).forward(seen)

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients."""
        given = at.input_gradient()
        gradient = None if given is None else Gradient(_row(given.buffer), given.accumulate)
        gradients = (_row(at.output_gradient), gradient)
        seen = part(at, (_row(at.inputs[0]),), _row(at.output), gradients)
        self._convolution(at.inputs[0].shape).backward(seen)

    def _convolution(self, shape: Shape) -> Conv2D:
        """Give the convolution of an image of one row, whose kernel has the same layout."""
        padding, reach = self.padding, (self.kernel_size - 1) * self.dilation_rate
        sides = (reach, 0) if padding == "causal" else padding
        if isinstance(sides, int):
            sides = (sides, sides)
        time = window(shape[0], self.kernel_size, self.strides, sides, self.dilation_rate)
        if time.output < 1:
            message = f"conv1d's window of {reach + 1} is longer than its input of {shape[0]}"
            hint = "use a smaller kernel_size, `padding: same`, or fewer layers that shorten the "
            raise ShapeError(message, field="kernel_size", hint=f"{hint}sequence")
        return Conv2D(
            filters=self.filters,
            kernel_size=(1, self.kernel_size),
            strides=(1, self.strides),
            padding=((0, 0), (time.before, time.after)),
            dilation_rate=(1, self.dilation_rate),
            groups=self.groups,
            use_bias=self.use_bias,
            activation=self.activation,
        )


def _image(shape: Shape) -> Shape:
    """Give the shape of a sequence as an image of one row."""
    return (1, *shape)


def _row(sequence: Buffer) -> Buffer:
    """Give a sequence's memory as an image of one row."""
    return Buffer(sequence.name, _image(sequence.shape), source=sequence)

"""The fully connected layer."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from dltrain.core.fields import Flag
from dltrain.core.inputs import InputFacts
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape, size_of
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.initializers.zeros import Zeros
from dltrain.layers import columns
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.half_dense import HalfDense
from dltrain.layers.matrix import Matrix, bias_gradient
from dltrain.layers.outputs import OutputsField, filled_in, known
from dltrain.regularizers.base import Regularizer


class Dense(Layer):
    """Multiply the last axis by a matrix and add a bias: y = x kernel + bias.

    Shapes: x (features,) or (time, features); kernel (features, units); y (..., units).
    Kept for backward: x, and y where an activation is fused.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True
    fuses: ClassVar[frozenset[str]] = frozenset({"relu"})

    units: OutputsField
    """Outputs; `classes` takes the number of classes from the data set."""
    use_bias: Flag = True
    """Whether a bias is added."""
    kernel_initializer: Initializer = GlorotUniform()
    """Starting values of the kernel."""
    bias_initializer: Initializer = Zeros()
    """Starting values of the bias."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on the kernel, added to the loss."""

    def resolved(self, classes: int | None, inputs: InputFacts) -> Layer:
        """Fill in `units: classes`."""
        return filled_in(self, "units", classes=classes)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Replace the features by the units."""
        (shape,) = inputs
        hint = "put `- flatten` before it, or use conv2d with kernel_size 1 for each pixel"
        require(shape, (1, 2), self, hint=hint)
        return *shape[:-1], self._units

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the kernel and the bias."""
        shape = (inputs[0][-1], self._units)
        specs = {"kernel": ParameterSpec(shape, self.kernel_initializer, self.kernel_regularizer)}
        if self.use_bias:
            specs["bias"] = ParameterSpec((self._units,), self.bias_initializer)
        return specs

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count one for each input and unit, at each position."""
        return prod(inputs[0]) * self._units

    def forward(self, at: Lowering) -> None:
        """Write the row y = x kernel + bias, relu included where it is fused."""
        relu = int(self.activation is not None)
        weights = at.parameter("kernel")
        bias = at.parameter("bias") if self.use_bias else weights
        if columns.suits(at, prod(at.output.shape[:-1]), size_of(weights.shape)):
            start = int(self.use_bias)
            columns.multiply(at, at.inputs[0], "kernel", bias, at.output, start=start, relu=relu)
            return
        halves = HalfDense.of(at, self._units)
        if halves is not None:
            halves.forward(at, bias, start=int(self.use_bias), relu=relu)
            return
        self._matrix(at).multiply(
            at.inputs[0], bias, at.output, start=int(self.use_bias), relu=relu
        )

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients of bias, kernel and input."""
        matrix, dy = self._matrix(at), at.output_gradient
        relu = int(self.activation is not None)
        bias_gradient(at, "bias" if self.use_bias else None, at.output, dy, relu=relu)
        halves = HalfDense.of(at, self._units)
        if halves is None:
            matrix.weights(at.inputs[0], dy)
        else:
            halves.weights(at)
        gradient = at.input_gradient()
        if gradient is None:
            return
        if halves is None:
            matrix.input_gradient(dy, gradient)
        else:
            halves.input_gradient(at, gradient)

    def _matrix(self, at: Lowering) -> Matrix:
        return Matrix(at, "kernel", at.inputs[0].shape[-1], self._units)

    @property
    def _units(self) -> int:
        return known(self.units, "units")

"""The fully connected layer."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from dltrain.core.fields import Flag
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape, size_of
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.initializers.zeros import Zeros
from dltrain.layers import columns
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.half_dense import HalfDense
from dltrain.layers.outputs import OutputsField, filled_in, known
from dltrain.layers.tiling import Tiling, choose, choose_even
from dltrain.regularizers.base import Regularizer

BLOCK_ROWS = 8
"""Rows that a tiling is chosen for, where their number is only known at run time: a lane's."""
WHOLE_BATCH = 2**16
"""Elements from which on a kernel's gradient is summed once for the batch, not in every lane: lanes
would each hold, fill and fold as many."""
PARTS = 32
"""Parts of such a gradient that threads share, at most."""


class Dense(Layer):
    """Multiply the last axis by a matrix and add a bias: y = x kernel + bias.

    Shapes: x (features,) or (time, features); kernel (features, units); y (..., units).
    Kept for backward: x, and y where an activation is fused.
    """

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

    def resolved(self, classes: int | None) -> Layer:
        """Fill in `units: classes`."""
        return filled_in(self, "units", classes)

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
        tiling = choose_even(BLOCK_ROWS, weights.shape[1], at.target)
        self._multiply(at, tiling, at.inputs[0], weights, bias, at.output, int(self.use_bias), relu)

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients of bias, kernel and input."""
        units, dy = self._units, at.output_gradient
        rows = prod(at.output.shape[:-1])
        relu = int(self.activation is not None)
        bias = at.parameter_gradient("bias", per="lane") if self.use_bias else None
        if bias is not None or relu:
            at.row(
                "bias_gradient",
                variant=(relu, 0 if bias is None else 2 if bias.accumulate else 1),
                reads=(at.output,),
                writes=(dy, dy if bias is None else bias.buffer),
                sizes=(rows, units),
                per="lane",
            )
        halves = HalfDense.of(at, units)
        if not at.frozen:
            self._weights(at, rows, halves)
        gradient = at.input_gradient()
        if gradient is not None and halves is not None:
            halves.input_gradient(at, gradient)
        elif gradient is not None:
            features = at.inputs[0].shape[-1]
            sizes = (1, features, units, 1)
            flipped = at.prepared("kernel", "flip", shape=(units, features), sizes=sizes)
            tiling = choose_even(BLOCK_ROWS, features, at.target)
            start = 2 if gradient.accumulate else 0
            self._multiply(at, tiling, dy, flipped, flipped, gradient.buffer, start, 0)

    def _weights(self, at: Lowering, rows: int, halves: HalfDense | None) -> None:
        """Write the kernel's gradient: by lanes, or one large one once for the whole batch."""
        features, units = at.parameter("kernel").shape
        tiling = choose(features, units, at.target)
        if features * units < WHOLE_BATCH or not at.owns_parameters:
            self._lane_weights(at, rows, tiling)
            return
        kernel = at.parameter_gradient("kernel", per="batch")
        assert kernel is not None  # noqa: S101 - nothing of a frozen layer is asked for
        if halves is not None:
            halves.weights(at, kernel.buffer)
            return
        step = -(-features // (PARTS * tiling.mr)) * tiling.mr
        at.row(
            "multiply_weights_whole",
            variant=tiling.variant,
            reads=(at.inputs[0], at.output_gradient, at.cells),
            writes=(kernel.buffer,),
            sizes=(rows, features, units, tiling.blocks, tiling.columns),
            per="batch",
            parts=tuple((f, min(f + step, features)) for f in range(0, features, step)),
        )

    def _lane_weights(self, at: Lowering, rows: int, tiling: Tiling) -> None:
        kernel = at.parameter_gradient("kernel", per="lane")
        assert kernel is not None  # noqa: S101 - nothing of a frozen layer is asked for
        features, units = kernel.buffer.shape
        at.row(
            "multiply_weights",
            variant=(*tiling.variant, 2 if kernel.accumulate else 0),
            reads=(at.inputs[0], at.output_gradient),
            writes=(kernel.buffer,),
            sizes=(rows, features, units, tiling.tiles, tiling.blocks, tiling.columns),
            per="lane",
        )

    def _multiply(
        self, at: Lowering, tiling: Tiling, x: Buffer, weights: Buffer, bias: Buffer, y: Buffer,
        start: int, relu: int,
    ) -> None:  # fmt: skip
        inputs, columns = weights.shape
        at.row(
            "multiply",
            variant=(*tiling.variant, start, relu),
            reads=(x, weights, bias),
            writes=(y,),
            sizes=(prod(x.shape[:-1]), inputs, columns, tiling.blocks, tiling.columns),
            per="lane",
        )

    @property
    def _units(self) -> int:
        return known(self.units, "units")

"""The rows that recurrent layers share: inputs of all steps at once, and the matrix in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.layers.base import Builder, Layer, ParameterSpec, require
from dltrain.layers.blocks import Blocks
from dltrain.layers.matrix import Matrix, bias_gradient
from dltrain.regularizers.base import Regularizer


@dataclass(frozen=True)
class Recurrence:
    """The kernel, recurrent kernel and bias of a layer with `gates` times `units` columns."""

    at: Lowering
    units: int
    gates: int
    use_bias: bool

    @property
    def steps(self) -> int:
        """Count the steps of a sequence."""
        return self.at.inputs[0].shape[0]

    @property
    def columns(self) -> int:
        """Count the columns of all gates."""
        return self.gates * self.units

    @property
    def padded(self) -> int:
        """Tell kernels whether some steps may be padding."""
        return int(self.at.mask is not None)

    @property
    def mask(self) -> Buffer:
        """Give what tells those steps; anything where there are none."""
        return self.at.inputs[0] if self.at.mask is None else self.at.mask

    def take_in(self) -> Buffer:
        """Write the row of x kernel + bias for all steps at once."""
        z = self.at.scratch((self.steps, self.columns))
        bias = self.at.parameter("bias" if self.use_bias else "kernel")
        self._kernel.multiply(self.at.inputs[0], bias, z, start=int(self.use_bias))
        return z

    def blocks(self) -> Blocks:
        """Give the recurrent matrix."""
        return Blocks.of(self.at, "recurrent_kernel", self.units, self.columns)

    def turned_blocks(self) -> Blocks:
        """Give the recurrent matrix transposed."""
        return Blocks.turned(self.at, "recurrent_kernel", self.columns, self.units)

    def kept(self, name: str, shape: Shape) -> Buffer:
        """Give a buffer that forward leaves for backward, where there is one."""
        return self.at.keep(name, shape) if self.at.needs_gradient else self.at.scratch(shape)

    def gradients(self, before: Buffer, dz: Buffer) -> None:
        """Write the rows of all gradients from that of z, with the states that meet the inputs."""
        bias_gradient(self.at, "bias" if self.use_bias else None, dz, dz)
        self.matrix_gradients(before, dz, dz)

    def matrix_gradients(self, before: Buffer, dx: Buffer, dq: Buffer) -> None:
        """Write the rows of the gradients of both kernels and the input.

        dx is the gradient of what the kernel gives, dq of what the recurrent kernel gives.
        """
        self._recurrent_kernel.weights(before, dq)
        self._kernel.weights(self.at.inputs[0], dx)
        gradient = self.at.input_gradient()
        if gradient is not None:
            self._kernel.input_gradient(dx, gradient)

    @property
    def _kernel(self) -> Matrix:
        return Matrix(self.at, "kernel", self.at.inputs[0].shape[-1], self.columns)

    @property
    def _recurrent_kernel(self) -> Matrix:
        return Matrix(self.at, "recurrent_kernel", self.units, self.columns)


def require_tanh(layer: Layer) -> None:
    """Raise ShapeError where a recurrent layer is to have another activation inside."""
    name = layer.activation.type_name if layer.activation is not None else "linear"
    if name != "tanh":
        raise ShapeError(
            f"{layer.type_name} has tanh inside, not {name}",
            field="activation",
            hint="leave `activation` out, or put another activation behind it as a layer",
        )


def build_recurrent(layer: Any, graph: Builder, *inputs: Any) -> Any:
    """Add a recurrent layer to the graph.

    Raises: ShapeError where its outputs come last to first, and some of them are padding.
    """
    turned = layer.go_backwards and layer.return_sequences
    if turned and graph.is_masked(inputs[0]):
        raise ShapeError(
            f"{layer.type_name} gives its outputs last to first, but its input has padding",
            field="go_backwards",
            hint="use `bidirectional`, or leave out `mask_zero` and `masking`",
        )
    return graph.node(layer, *inputs)


def recurrent_shape(layer: Layer, shape: Shape, units: int, *, return_sequences: bool) -> Shape:
    """Give the states of all steps, or the last one."""
    require(shape, (2,), layer, hint="put an embedding, or `reshape`, before it")
    return (shape[0], units) if return_sequences else (units,)


def recurrent_parameters(
    features: int,
    units: int,
    columns: int,
    initializers: tuple[Initializer, Initializer, Initializer | None],
    regularizers: tuple[Regularizer | None, Regularizer | None],
) -> dict[str, ParameterSpec]:
    """Ask for a kernel, a recurrent kernel and a bias, where it has an initializer."""
    kernel, recurrent, bias = initializers
    specs = {
        "kernel": ParameterSpec((features, columns), kernel, regularizers[0]),
        "recurrent_kernel": ParameterSpec((units, columns), recurrent, regularizers[1]),
    }
    if bias is not None:
        specs["bias"] = ParameterSpec((columns,), bias)
    return specs

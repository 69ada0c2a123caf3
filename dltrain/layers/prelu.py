"""A rectifier whose slope is learnt."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, ClassVar

from pydantic import Field

from dltrain.core.errors import ShapeError
from dltrain.core.fields import PositiveInteger
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape, describe, size_of
from dltrain.initializers.base import Initializer
from dltrain.initializers.zeros import Zeros
from dltrain.layers.affine import gradient_of, mode_of
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.regularizers.base import Regularizer

MOST_AXES = 3
"""Axes that the kernels can tell apart."""


class Prelu(Layer):
    """x where x is positive, else `alpha` times x, where alpha is learnt.

    Shapes: x, y any; alpha that of x, with 1 for shared axes.
    Kept for backward: x.
    Raises: ShapeError for shared axes that the input does not have.
    Source: He, Zhang, Ren, Sun 2015, arXiv:1502.01852, eq. 1 and 3.
    """

    keeps_mask: ClassVar[bool] = True

    alpha_initializer: Initializer = Zeros()
    """Starting values of the slopes."""
    alpha_regularizer: Regularizer | None = None
    """Penalty on the slopes, added to the loss."""
    shared_axes: Annotated[tuple[PositiveInteger, ...], Field(min_length=1)] | None = None
    """Axes, counted from 1, along which one slope serves all; `[1, 2]` leaves one for each channel
    of images. By default every number of a sample has its own."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        (shape,) = inputs
        beyond = [axis for axis in self.shared_axes or () if axis > len(shape)]
        if beyond:
            message = f"shared_axes has {beyond[0]}, but the axes of {describe(shape)} are " + (
                ", ".join(str(axis) for axis in range(1, len(shape) + 1))
            )
            hint = "axes are counted from 1; the batch is not counted"
            raise ShapeError(message, field="shared_axes", hint=hint)
        if len(self._axes(shape)) > MOST_AXES:
            message = f"shared_axes must not be every other axis of {describe(shape)}"
            hint = "share neighbouring axes"
            raise ShapeError(message, field="shared_axes", hint=hint)
        return shape

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the slopes."""
        shape = tuple(
            1 if shared else extent
            for extent, shared in zip(inputs[0], self._shared(inputs[0]), strict=True)
        )
        return {"alpha": ParameterSpec(shape, self.alpha_initializer, self.alpha_regularizer)}

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        shared, sizes = self._layout(at.output.shape)
        at.row(
            "prelu_forward",
            variant=(shared,),
            reads=(at.inputs[0], at.parameter("alpha")),
            writes=(at.output,),
            sizes=sizes,
        )

    def backward(self, at: Lowering) -> None:
        """Write the row of the gradients of x and alpha."""
        shared, sizes = self._layout(at.output.shape)
        gradient, dy = at.input_gradient(), at.output_gradient
        dalpha = gradient_of(at, "alpha", there=True)
        at.row(
            "prelu_backward",
            variant=(shared, int(dalpha is not None), mode_of(gradient)),
            reads=(dy, at.inputs[0], at.parameter("alpha")),
            writes=(dy if gradient is None else gradient.buffer, dalpha or dy),
            sizes=sizes,
        )

    def _shared(self, shape: Shape) -> tuple[bool, ...]:
        return tuple(axis in (self.shared_axes or ()) for axis in range(1, len(shape) + 1))

    def _axes(self, shape: Shape) -> list[tuple[bool, int]]:
        """Tell what is shared, and how many numbers, of axes made of neighbours shared alike."""
        axes = groupby(zip(self._shared(shape), shape, strict=True), key=lambda axis: axis[0])
        return [(shared, size_of(tuple(extent for _, extent in group))) for shared, group in axes]

    def _layout(self, shape: Shape) -> tuple[int, tuple[int, ...]]:
        """Tell whether the last axis is shared; give three extents and two strides of slopes."""
        axes = self._axes(shape)
        axes = [(True, 1)] * (MOST_AXES - len(axes)) + axes
        strides, step = [], 1
        for shared, extent in reversed(axes):
            strides.append(0 if shared else step)
            step *= 1 if shared else extent
        inner, middle, outer = strides
        return int(inner == 0), (*(extent for _, extent in axes), outer, middle)
